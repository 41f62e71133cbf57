import { sinkStatuses } from "../egress/sink-statuses.ts";
import type { Env } from "../env.ts";
import { type Samples, sampleKey } from "../metrics/families.ts";
import type { Tenants } from "../tenants.ts";

/** Time after which the metrics leave out the sinks that have not responded, in milliseconds. */
const WITHIN_MS = 5_000;

/** The gauges of all sinks at this moment. A site whose objects cannot be reached has none. */
export const sinkSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const samples: Samples = {};
  const ofSite = async (site: string): Promise<void> => {
    const tenant = tenants.get(site);
    for (const { sink, partitions } of tenant ? await sinkStatuses(env, tenant) : []) {
      const labels = { site, sink };
      const lags = partitions.map(({ lag_ms }) => lag_ms);
      samples[sampleKey("tidemark_sink_lag_records", labels)] = partitions.reduce((sum, each) => sum + each.lag_records, 0);
      samples[sampleKey("tidemark_sink_lag_seconds", labels)] = Math.max(0, ...lags) / 1_000;
      samples[sampleKey("tidemark_sink_paused", labels)] = partitions.filter(({ paused }) => paused).length;
    }
  };
  const sites = [...tenants].filter(([, { sinks }]) => sinks.length > 0).map(([site]) => site);
  const all = Promise.all(
    sites.map((site) =>
      ofSite(site).catch((error: unknown) => console.error(`the sinks of site ${site} could not be read`, error)),
    ),
  );
  if (sites.length > 0) await Promise.race([all, scheduler.wait(WITHIN_MS)]);
  return samples;
};
