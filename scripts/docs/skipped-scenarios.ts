import type { DriverLimit } from "./driver-limits.ts";

/** Delivery scenarios (`tests/scenarios/scenarios.ts`), by name, that a browser's driver does not support. */
export const skippedScenarios: DriverLimit[] = [
  {
    browser: "firefox",
    untested: "storage full",
    reason: "WebDriver BiDi has no command that sets a storage quota.",
  },
  {
    browser: "firefox",
    untested: "page frozen, then discarded, site visited again",
    reason: "WebDriver BiDi has no command that freezes or discards a page.",
  },
  {
    browser: "webkit",
    untested: "tab destroyed at once, site visited again",
    reason: "WebKitWebDriver has only one way to close a window.",
  },
  {
    browser: "webkit",
    untested: "browser killed 2 s after, collector down, same profile again",
    reason:
      "WebKitGTK's MiniBrowser stores everything in memory under WebDriver, so that its next start has no stored data.",
  },
  {
    browser: "webkit",
    untested: "storage full",
    reason: "WebKitWebDriver has no command that sets a storage quota.",
  },
  {
    browser: "webkit",
    untested: "page frozen, then discarded, site visited again",
    reason: "WebKitWebDriver has no command that freezes or discards a page.",
  },
];
