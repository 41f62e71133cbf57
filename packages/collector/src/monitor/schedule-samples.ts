import { type Env, scheduleOf } from "../env.ts";
import { type Samples, sampleKey } from "../metrics/families.ts";
import { callObject } from "../metrics/waits.ts";
import type { Tenants } from "../tenants.ts";
import { withinTime } from "../within-time.ts";

/** Time after which the metrics leave out the object that has not responded, in milliseconds. */
const WITHIN_MS = 5_000;

/** The metrics of what the schedule knows at this moment: the canary's sessions, and the exports for Feast. */
export const scheduleSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const reading = callObject("Schedule", async () => scheduleOf(env).figures()).catch((error: unknown) => {
    console.error("the figures of the schedule could not be read", error);
    return undefined;
  });
  const figures = await withinTime(reading, WITHIN_MS);
  const { canary, exports = [] } = figures ?? {};
  const samples: Samples = {
    [sampleKey("tidemark_objects_unresponsive", { object: "Schedule" })]: figures === undefined ? 1 : 0,
  };
  for (const [step, age] of Object.entries(canary?.ages ?? {}))
    samples[sampleKey("tidemark_canary_age_seconds", { site: canary?.site ?? "", step })] = age;
  for (const { site, age, max_age } of exports)
    if (tenants.has(site)) {
      samples[sampleKey("tidemark_feast_export_age_seconds", { site })] = age;
      samples[sampleKey("tidemark_feast_export_max_age_seconds", { site })] = max_age;
    }
  return samples;
};
