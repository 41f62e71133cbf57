import type { SinkProgress } from "@tidemark/schema";
import { sinkStatuses } from "../egress/sink-statuses.ts";
import type { Env } from "../env.ts";
import { type Family, type Samples, sampleKey } from "../metrics/families.ts";
import type { Tenants } from "../tenants.ts";
import { readSites } from "./read-sites.ts";

/** The metrics of all sinks at this moment, which their objects store. */
export const sinkSamples = (env: Env, tenants: Tenants): Promise<Samples> => {
  const sites = [...tenants.values()].filter(({ sinks }) => sinks.length > 0);
  return readSites("Egress", sites, async (tenant) => {
    const samples: Samples = {};
    for (const { sink, partitions } of await sinkStatuses(env, tenant)) {
      const labels = { site: tenant.site.id, sink };
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
    return samples;
  });
};
