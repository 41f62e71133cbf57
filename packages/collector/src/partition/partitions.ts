import { type Env, partitionOf } from "../env.ts";
import type { Tenant } from "../tenants.ts";
import { allPartitions } from "./binding.ts";

/** Lists the partitions that sessions of a site can be bound to. */
export const partitionsOf = (env: Env, tenant: Tenant): Promise<number[]> =>
  allPartitions((partition) => partitionOf(env, tenant, partition).depth(tenant.site.id, partition));
