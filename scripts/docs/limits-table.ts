import { type DriverLimit, driverLimits } from "./driver-limits.ts";
import { skippedScenarios } from "./skipped-scenarios.ts";

const LIMITS: Record<string, DriverLimit[]> = { signals: driverLimits, delivery: skippedScenarios };

/**
 * A Markdown table of the tests that a browser's driver does not support.
 *
 * @param of Kind of test: `signals` or `delivery`.
 */
export const limitsTable = (of: string): string => {
  const limits = LIMITS[of];
  if (!limits) throw new Error(`<!-- limits ${of} -->: expected ${Object.keys(LIMITS).join(" or ")}`);
  return [
    "| browser | not tested | reason |",
    "| --- | --- | --- |",
    ...limits.map(({ browser, untested, reason }) => `| ${browser} | ${untested} | ${reason} |`),
  ].join("\n");
};
