import type { Jurisdiction } from "./config.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RollupObject } from "./rollup/rollup.ts";
import type { SessionObject } from "./session/session.ts";
import type { Tenant } from "./tenants.ts";

/**
 * The Worker's bindings in `wrangler.toml`. The environment also has the secrets, under the names in the configuration.
 */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  METRICS: DurableObjectNamespace<Metrics>;
  ROLLUP: DurableObjectNamespace<RollupObject>;
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

/** The object of one shard of a site's users, pages and custom entities. */
export const rollupOf = (env: Env, { site, jurisdiction }: Tenant, shard: number) =>
  inJurisdiction(env.ROLLUP, jurisdiction).getByName(`${site.id}:${shard}`);

/** The only object that sums the deployment's metrics. */
export const metricsOf = (env: Env) => env.METRICS.getByName("metrics");
