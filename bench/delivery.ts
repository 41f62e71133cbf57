import { scenarios } from "../tests/delivery/scenarios.ts";
import { startTheatre } from "../tests/delivery/theatre.ts";
import { type Bench, report } from "./report.ts";

/**
 * Plays every scenario in a real Chromium against the real collector behind a proxy that fails, and counts what is stored:
 * distinct, missing, and stored more than once. What arrived again and was not stored is shown beside. The reference is the
 * number of events tracked; the budget is none missing and none stored twice.
 */
export const delivery: Bench = async () => {
  const theatre = await startTheatre();
  const measurements = [];
  const table: Record<string, object> = {};
  try {
    for (const scenario of scenarios) {
      const { tracked, stored, copies } = await theatre.play(scenario);
      const missing = Math.max(0, tracked - stored);
      const twice = Math.max(0, stored - tracked);
      table[scenario.name] = {
        distinct: tracked - missing,
        missing,
        "stored twice": twice,
        "copies not stored": copies,
      };
      const unit = "events missing or stored twice";
      measurements.push({ case: scenario.name, value: missing + twice, unit, reference: tracked, budget: 0 });
    }
  } finally {
    await theatre.stop();
  }
  console.table(table);
  return report("delivery", measurements);
};
