import { type Env, partitionOf } from "../env.ts";
import { type Samples, sampleKey } from "../metrics/families.ts";
import { allPartitions } from "../partition/binding.ts";
import type { PartitionFigures } from "../partition/partition.ts";
import type { Tenant, Tenants } from "../tenants.ts";
import { readSites } from "./read-sites.ts";

const figuresOf = async (env: Env, tenant: Tenant): Promise<PartitionFigures[]> => {
  const figures: PartitionFigures[] = [];
  await allPartitions(async (partition) => {
    const each = await partitionOf(env, tenant, partition).figures(tenant.site.id, partition);
    figures.push(each);
    return each.depth;
  });
  return figures;
};

/** The age of the earliest of some times, in seconds; 0 without one. */
const ageOf = (times: readonly (number | undefined)[], now: number): number => {
  const earliest = Math.min(now, ...times.flatMap((time) => time ?? []));
  return (now - earliest) / 1_000;
};

const samplesOf = (site: string, hasLog: boolean, figures: readonly PartitionFigures[], now: number): Samples => {
  const watermark = figures.map(({ waiting_since }) => waiting_since);
  const unlogged = figures.flatMap((each) => each.unlogged ?? []);
  return {
    [sampleKey("tidemark_watermark_lag_seconds", { site })]: ageOf(watermark, now),
    ...(hasLog && {
      [sampleKey("tidemark_log_records", { site })]: unlogged.reduce((sum, { records }) => sum + records, 0),
      [sampleKey("tidemark_log_age_seconds", { site })]: ageOf(
        unlogged.map(({ since }) => since),
        now,
      ),
    }),
  };
};

/** The metrics of what waits in the partitions at this moment. */
export const partitionSamples = (env: Env, tenants: Tenants): Promise<Samples> =>
  readSites("Partition", [...tenants.values()], async (tenant) =>
    samplesOf(tenant.site.id, tenant.log !== undefined, await figuresOf(env, tenant), Date.now()),
  );
