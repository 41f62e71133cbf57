import type { DriverLimit } from "./driver-limits.ts";

/** The delivery scenarios (`tests/scenarios/scenarios.ts`) that a browser does not play, by name, because its driver cannot. */
export const skippedScenarios: DriverLimit[] = [
  {
    browser: "firefox",
    what: "storage full",
    why: "WebDriver BiDi has no order that sets a quota.",
  },
  {
    browser: "firefox",
    what: "page frozen, then discarded, site visited again",
    why: "WebDriver BiDi has no order that freezes or discards a page.",
  },
  {
    browser: "webkit",
    what: "tab destroyed at once, site visited again",
    why: "WebKitWebDriver closes a window in one way only.",
  },
  {
    browser: "webkit",
    what: "browser killed 2 s after, collector down, same profile again",
    why: "WebKitGTK's MiniBrowser keeps all storage in memory while it is driven: its next start finds none.",
  },
  {
    browser: "webkit",
    what: "storage full",
    why: "WebKitWebDriver has no order that sets a quota.",
  },
  {
    browser: "webkit",
    what: "page frozen, then discarded, site visited again",
    why: "WebKitWebDriver has no order that freezes or discards a page.",
  },
];
