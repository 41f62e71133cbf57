import { allMetrics, type Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import { buildSamples } from "../metrics/build.ts";
import type { Samples } from "../metrics/families.ts";
import { SeriesSums } from "../metrics/series.ts";
import { callObject, countObjectError } from "../metrics/waits.ts";
import type { Tenants } from "../tenants.ts";
import { withinTime } from "../within-time.ts";
import { partitionSamples } from "./partition-samples.ts";
import { scheduleSamples } from "./schedule-samples.ts";
import { sinkSamples } from "./sink-samples.ts";
import { zeroSamples } from "./zero-samples.ts";

const SITE = /[{,]site="([^"]*)"/;

/** Time in which the objects that sum the metrics have to respond, in milliseconds. */
const WITHIN_MS = 5_000;

/** The sums of each object. @throws Error if one of them fails or does not respond. */
const readSums = async (env: Env): Promise<Samples[]> => {
  const reading = allMetrics(env).map((each) => callObject("Metrics", async () => each.read()));
  const sums = await withinTime(Promise.all(reading), WITHIN_MS);
  if (sums) return sums;
  countObjectError("Metrics");
  throw new HttpError("unavailable", `The metrics could not be read within ${WITHIN_MS / 1_000} s. Read them again.`);
};

/** The sites that have any metrics: the objects of a site without any event stay at rest. */
const measuredIn = (tenants: Tenants, stored: readonly Samples[]): Tenants => {
  const counted = new Set(stored.flatMap((samples) => Object.keys(samples).map((key) => SITE.exec(key)?.[1])));
  return new Map([...tenants].filter(([site]) => counted.has(site)));
};

/**
 * Reads all metrics of the deployment, within the bound of series of each site.
 *
 * @throws Error if one of the objects that sum them cannot be read, or does not respond: without its counts the sums would be
 * too small.
 */
export const readSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const sums = new SeriesSums();
  sums.merge(buildSamples());
  const reading = readSums(env);
  const [stored, ofPartitions, ofSinks, ofSchedule] = await Promise.all([
    reading,
    reading.then((each) => partitionSamples(env, measuredIn(tenants, each))),
    sinkSamples(env, tenants),
    scheduleSamples(env, tenants),
  ]);
  for (const samples of stored) sums.merge(samples);
  // They take only places that no count has.
  sums.merge(zeroSamples(measuredIn(tenants, stored)));
  // Only the configuration limits them. They are last, and not under `other`: objects that do not respond have none of them,
  // and a place that they leave would be that of a series whose counts then leave `other`, which must not fall.
  for (const samples of [ofSinks, ofPartitions, ofSchedule]) sums.restore(samples);
  return sums.samples;
};
