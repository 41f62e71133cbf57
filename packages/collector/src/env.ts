import type { Jurisdiction } from "./config.ts";
import type { EgressObject } from "./egress/egress.ts";
import type { EntityShardObject } from "./entities/entity-shard.ts";
import type { LogWriterObject } from "./log/log-writer.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { PartitionObject } from "./partition/partition.ts";
import type { ScheduleObject } from "./schedule/schedule.ts";
import type { SessionObject } from "./session/session.ts";
import type { Tenant } from "./tenants.ts";

/**
 * The Worker's bindings in `wrangler.toml`. The environment also has the secrets, under the names in the configuration.
 */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  METRICS: DurableObjectNamespace<Metrics>;
  PARTITION: DurableObjectNamespace<PartitionObject>;
  ENTITY_SHARD: DurableObjectNamespace<EntityShardObject>;
  LOG_WRITER: DurableObjectNamespace<LogWriterObject>;
  SCHEDULE: DurableObjectNamespace<ScheduleObject>;
  EGRESS: DurableObjectNamespace<EgressObject>;
  /** The platform's limits of batches and of new sessions by site and address. Absent for no limit. */
  BATCH_LIMIT?: RateLimit;
  SESSION_LIMIT?: RateLimit;
  /** The files of the log. Absent in a deployment without a log. */
  LOG?: R2Bucket;
}

/**
 * Returns a namespace limited to a jurisdiction, or the namespace itself in local runtimes, which have no
 * jurisdictions.
 */
const inJurisdiction = <T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  jurisdiction: Jurisdiction | undefined,
): DurableObjectNamespace<T> => {
  if (jurisdiction === undefined) return namespace;
  try {
    return namespace.jurisdiction(jurisdiction);
  } catch (error) {
    if (/not implemented in workerd/.test(String(error))) return namespace;
    throw error;
  }
};

/** The object of a session. Its name contains the site's id, so that no site can reach the sessions of another. */
export const sessionOf = (env: Env, { site, jurisdiction }: Tenant, sessionId: string) =>
  inJurisdiction(env.SESSION, jurisdiction).getByName(`${site.id}:${sessionId}`);

/** The object of one of a site's partitions. */
export const partitionOf = (env: Env, { site, jurisdiction }: Tenant, partition: number) =>
  inJurisdiction(env.PARTITION, jurisdiction).getByName(`${site.id}:${partition}`);

/** The object of one of the shards of a site's users, pages and custom entities. */
export const entityShardOf = (env: Env, { site, jurisdiction }: Tenant, shard: number) =>
  inJurisdiction(env.ENTITY_SHARD, jurisdiction).getByName(`${site.id}:${shard}`);

/** The object that writes the log of one of a site's partitions. */
export const logWriterOf = (env: Env, { site, jurisdiction }: Tenant, partition: number) =>
  inJurisdiction(env.LOG_WRITER, jurisdiction).getByName(`${site.id}:${partition}`);

/** The object that merges and deletes files of a site's log. A site that was removed has no jurisdiction any more. */
export const logKeeperOf = (env: Env, site: string, jurisdiction: Jurisdiction | undefined) =>
  inJurisdiction(env.LOG_WRITER, jurisdiction).getByName(`${site}:keeper`);

/** The object that sends the records of one of a site's partitions to a sink. */
export const egressOf = (env: Env, { site, jurisdiction }: Tenant, sink: string, partition: number) =>
  inJurisdiction(env.EGRESS, jurisdiction).getByName(`${site.id}:${sink}:${partition}`);

/** The object that runs the deployment's repeated tasks. */
export const scheduleOf = (env: Env) => env.SCHEDULE.getByName("schedule");

/** Number of the objects that sum the deployment's metrics: a thousand isolates each send their counts every two seconds. */
const METRICS_OBJECTS = 8;

/** All objects that sum the deployment's metrics. The first one has the name of the only one in earlier versions. */
export const allMetrics = (env: Env) =>
  Array.from({ length: METRICS_OBJECTS }, (_, number) =>
    env.METRICS.getByName(number === 0 ? "metrics" : `metrics ${number}`),
  );

/** The object that sums the usage of a site's day. */
export const usageOf = (env: Env, site: string) => env.METRICS.getByName(`usage ${site}`);

/** The object to which this isolate sends its counts. */
let ownMetrics: number | undefined;

/** The object that sums the counts of this isolate, and of some others. */
export const metricsOf = (env: Env) => {
  ownMetrics ??= Math.floor(Math.random() * METRICS_OBJECTS);
  return allMetrics(env)[ownMetrics] as DurableObjectStub<Metrics>;
};
