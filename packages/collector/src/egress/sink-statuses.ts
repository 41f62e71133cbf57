import type { SinkProgress, SinksResponse } from "@tidemark/schema";
import { type Env, egressOf } from "../env.ts";
import { partitionsOf } from "../partition/partitions.ts";
import type { Tenant } from "../tenants.ts";

/** Reads the progress of all sinks of a site. @throws Error when a partition or an egress cannot be reached. */
export const sinkStatuses = async (env: Env, tenant: Tenant): Promise<SinksResponse["sinks"]> => {
  if (tenant.sinks.length === 0) return [];
  const { id } = tenant.site;
  const partitions = await partitionsOf(env, tenant);
  return Promise.all(
    tenant.sinks.map(async ({ name, to: { type } }) => ({
      ...{ sink: name, type },
      partitions: await Promise.all(
        partitions.map(async (partition): Promise<SinkProgress> => {
          return egressOf(env, tenant, name, partition).status(id, name, partition);
        }),
      ),
    })),
  );
};
