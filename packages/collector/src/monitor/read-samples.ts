import { allMetrics, type Env } from "../env.ts";
import { buildSamples } from "../metrics/build.ts";
import type { Samples } from "../metrics/families.ts";
import { SeriesSums } from "../metrics/series.ts";
import { callObject } from "../metrics/waits.ts";
import type { Tenants } from "../tenants.ts";
import { sinkSamples } from "./sink-samples.ts";

/**
 * Reads all metrics of the deployment.
 *
 * @throws Error if one of the objects that sum them cannot be read: without its counts the sums would be too small.
 */
export const readSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const sums = new SeriesSums();
  sums.merge(buildSamples());
  const stored = Promise.all(allMetrics(env).map((each) => callObject("Metrics", () => each.read())));
  // A failure while the sinks are read is reported where the result is awaited.
  stored.catch(() => {});
  // First, because gauges under `other` would be added up.
  sums.merge(await sinkSamples(env, tenants));
  for (const samples of await stored) sums.merge(samples);
  return sums.samples;
};
