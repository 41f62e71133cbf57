import type { SinkProgress } from "@tidemark/schema";
import { sinkStatuses } from "../egress/sink-statuses.ts";
import type { Env } from "../env.ts";
import { type Family, type Samples, sampleKey } from "../metrics/families.ts";
import type { Tenants } from "../tenants.ts";
import { withinTime } from "../within-time.ts";

/** Time after which the metrics leave out the sinks that have not responded, in milliseconds. */
const WITHIN_MS = 5_000;

/** The metrics of all sinks at this moment, which their objects store. A site whose objects cannot be reached has none. */
export const sinkSamples = async (env: Env, tenants: Tenants): Promise<Samples> => {
  const samples: Samples = {};
  const ofSite = async (site: string): Promise<void> => {
    const tenant = tenants.get(site);
    for (const { sink, partitions } of tenant ? await sinkStatuses(env, tenant) : []) {
      const labels = { site, sink };
      const sumOf = (read: (each: SinkProgress) => number) => partitions.reduce((sum, each) => sum + read(each), 0);
      const count = (family: Family, value: number, outcome: object = {}) => {
        samples[sampleKey(family, { ...labels, ...outcome })] = value;
      };
      for (const outcome of ["delivered", "refused"] as const)
        count(
          "tidemark_sink_records_total",
          sumOf((each) => each[outcome]),
          { outcome },
        );
      for (const outcome of ["complete", "partial", "failed"] as const)
        count(
          "tidemark_sink_attempts_total",
          sumOf(({ attempts }) => attempts[outcome]),
          { outcome },
        );
      count(
        "tidemark_sink_records_uncertain_total",
        sumOf(({ uncertain }) => uncertain),
      );
      const lags = partitions.map(({ lag_ms }) => lag_ms);
      count(
        "tidemark_sink_lag_records",
        sumOf(({ lag_records }) => lag_records),
      );
      count("tidemark_sink_lag_seconds", Math.max(0, ...lags) / 1_000);
      count("tidemark_sink_paused", partitions.filter(({ paused }) => paused).length);
    }
  };
  const sites = [...tenants].filter(([, { sinks }]) => sinks.length > 0).map(([site]) => site);
  const all = Promise.all(
    sites.map((site) =>
      ofSite(site).catch((error: unknown) => console.error(`the sinks of site ${site} could not be read`, error)),
    ),
  );
  if (sites.length > 0) await withinTime(all, WITHIN_MS);
  return samples;
};
