import { allMetrics, type Env } from "../env.ts";
import { addSamples, type Samples } from "../metrics/families.ts";
import type { Tenants } from "../tenants.ts";
import { sinkSamples } from "./sink-samples.ts";

/**
 * Reads all metrics of the deployment.
 *
 * @throws Error if one of the objects that sum them cannot be read: without its counts the sums would be too small.
 */
export const readSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const sums: Samples = {};
  for (const samples of await Promise.all(allMetrics(env).map((each) => each.read()))) addSamples(sums, samples);
  addSamples(sums, await sinkSamples(env, tenants));
  return sums;
};
