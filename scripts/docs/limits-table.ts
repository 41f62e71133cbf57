import { type DriverLimit, driverLimits } from "./driver-limits.ts";
import { skippedScenarios } from "./skipped-scenarios.ts";

const LIMITS: Record<string, DriverLimit[]> = { signals: driverLimits, delivery: skippedScenarios };

/** The limits of the browsers' drivers as a Markdown table. @param of The tests that they keep away: `signals` or `delivery`. */
export const limitsTable = (of: string): string => {
  const limits = LIMITS[of];
  if (!limits) throw new Error(`limits ${of}: expected limits ${Object.keys(LIMITS).join(" or limits ")}`);
  return [
    "| browser | not tested | reason |",
    "| --- | --- | --- |",
    ...limits.map(({ browser, untested, reason }) => `| ${browser} | ${untested} | ${reason} |`),
  ].join("\n");
};
