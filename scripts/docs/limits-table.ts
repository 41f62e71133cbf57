import { driverLimits } from "./driver-limits.ts";
import { skippedScenarios } from "./skipped-scenarios.ts";

/** A Markdown table of what the drivers of browsers cannot do: for the tests of signals, or of delivery's scenarios. */
export const limitsTable = (of: string): string =>
  [
    "| browser | what | why |",
    "| --- | --- | --- |",
    ...(of === "delivery" ? skippedScenarios : driverLimits).map(
      ({ browser, what, why }) => `| ${browser} | ${what} | ${why} |`,
    ),
  ].join("\n");
