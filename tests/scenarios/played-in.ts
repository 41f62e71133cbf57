import { skippedScenarios } from "../../scripts/docs/skipped-scenarios.ts";
import type { BrowserName } from "../browsers/browser.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

/** The scenarios that a browser plays. */
export const playedIn = (browser: BrowserName): Scenario[] => {
  const skipped = skippedScenarios.filter((each) => each.browser === browser).map(({ untested }) => untested);
  return scenarios.filter(({ name }) => !skipped.includes(name));
};
