import { skippedScenarios } from "../../scripts/docs/skipped-scenarios.ts";
import type { BrowserName } from "../browsers/browser.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

/** The scenarios to run in a browser: all but those that its driver cannot do. */
export const scenariosFor = (browser: BrowserName): Scenario[] => {
  const skipped = skippedScenarios.filter((each) => each.browser === browser).map(({ untested }) => untested);
  return scenarios.filter(({ name }) => !skipped.includes(name));
};
