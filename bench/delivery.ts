import { type BrowserName, browserNames } from "../tests/browsers/browser.ts";
import { type Outcome, startDeliveryRig } from "../tests/scenarios/delivery-rig.ts";
import type { Scenario } from "../tests/scenarios/scenarios.ts";
import { scenariosFor } from "../tests/scenarios/scenarios-for.ts";
import { measureInputBytes } from "./input-bytes.ts";
import { type Bench, type Measurement, report } from "./report.ts";

/**
 * Runs every scenario in every browser whose driver supports it, against the real collector behind a faulty proxy. It
 * counts the stored events: distinct, missing, and stored more than once; and the duplicates that were not stored.
 *
 * The reference is the number of tracked events. The budget is none missing and none stored twice. In a scenario that
 * fails, all events count as missing.
 *
 * It also measures the bytes that a page sends for the input of `bench main-thread`: {@link measureInputBytes}.
 */
export const delivery: Bench = async () => {
  const inputBytes = await measureInputBytes();
  const rig = await startDeliveryRig();
  const outcomeOf = (browser: BrowserName, scenario: Scenario) =>
    rig.run(browser, scenario).catch((error) => {
      console.error(browser, scenario.name, error);
      return { tracked: scenario.tracked, stored: 0, duplicates: 0 };
    });
  const measurements: Measurement[] = [];
  const table: Record<string, object> = {};
  try {
    // The browsers run at the same time, because scenarios mostly wait.
    const runs = browserNames.map(async (browser) => {
      const outcomes: [name: string, Outcome][] = [];
      for (const scenario of scenariosFor(browser))
        outcomes.push([`${browser}: ${scenario.name}`, await outcomeOf(browser, scenario)]);
      return outcomes;
    });
    for (const [name, { tracked, stored, duplicates }] of (await Promise.all(runs)).flat()) {
      const missing = Math.max(0, tracked - stored);
      const twice = Math.max(0, stored - tracked);
      table[name] = { distinct: tracked - missing, missing, "stored twice": twice, duplicates: duplicates };
      const unit = "events missing or stored twice";
      measurements.push({ case: name, value: missing + twice, unit, reference: tracked, budget: 0 });
    }
  } finally {
    await rig.stop();
  }
  console.table(table);
  return report("delivery", [...inputBytes, ...measurements]);
};
