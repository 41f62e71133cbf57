import type { DriverLimit } from "./driver-limits.ts";

/** The delivery scenarios (`tests/scenarios/scenarios.ts`) that a browser does not play, by name, because its driver cannot. */
export const skippedScenarios: DriverLimit[] = [
  {
    browser: "firefox",
    untested: "storage full",
    reason: "WebDriver BiDi has no order that sets a quota.",
  },
  {
    browser: "firefox",
    untested: "page frozen, then discarded, site visited again",
    reason: "WebDriver BiDi has no order that freezes or discards a page.",
  },
  {
    browser: "webkit",
    untested: "tab destroyed at once, site visited again",
    reason: "WebKitWebDriver closes a window in one way only.",
  },
  {
    browser: "webkit",
    untested: "browser killed 2 s after, collector down, same profile again",
    reason: "WebKitGTK's MiniBrowser keeps all storage in memory while it is driven: its next start finds none.",
  },
  {
    browser: "webkit",
    untested: "storage full",
    reason: "WebKitWebDriver has no order that sets a quota.",
  },
  {
    browser: "webkit",
    untested: "page frozen, then discarded, site visited again",
    reason: "WebKitWebDriver has no order that freezes or discards a page.",
  },
];
