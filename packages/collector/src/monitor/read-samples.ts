import { allMetrics, type Env } from "../env.ts";
import { buildSamples } from "../metrics/build.ts";
import type { Samples } from "../metrics/families.ts";
import { SeriesSums } from "../metrics/series.ts";
import { callObject } from "../metrics/waits.ts";
import type { Tenants } from "../tenants.ts";
import { partitionSamples } from "./partition-samples.ts";
import { scheduleSamples } from "./schedule-samples.ts";
import { sinkSamples } from "./sink-samples.ts";

const SITE = /[{,]site="([^"]*)"/;

/**
 * Reads all metrics of the deployment, within the bound of series of each site.
 *
 * @throws Error if one of the objects that sum them cannot be read: without its counts the sums would be too small.
 */
export const readSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const sums = new SeriesSums();
  sums.merge(buildSamples());
  const reading = Promise.all(allMetrics(env).map((each) => callObject("Metrics", async () => each.read())));
  const readPartitions = async () => {
    const counted = new Set((await reading).flatMap((each) => Object.keys(each).map((key) => SITE.exec(key)?.[1])));
    // The objects of a site without any event stay at rest.
    return partitionSamples(env, new Map([...tenants].filter(([site]) => counted.has(site))));
  };
  // At the same time: each waits for objects that hang, and the alerts wait for all.
  const [stored, ofPartitions, ofSinks, ofSchedule] = await Promise.all([
    reading,
    readPartitions(),
    sinkSamples(env, tenants),
    scheduleSamples(env, tenants),
  ]);
  // Gauges are first: under `other` they would be added up.
  sums.merge(ofSinks);
  sums.merge(ofPartitions);
  sums.merge(ofSchedule);
  for (const samples of stored) sums.merge(samples);
  return sums.samples;
};
