import type { Jurisdiction } from "./config.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RollupObject } from "./rollup/rollup.ts";
import type { SessionObject } from "./session/session.ts";
import type { Tenant } from "./tenants.ts";

/** The bindings of the Worker in `wrangler.toml`. The environment has the secrets too, by the names in the configuration. */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  METRICS: DurableObjectNamespace<Metrics>;
  ROLLUP: DurableObjectNamespace<RollupObject>;
}

/** A namespace limited to a jurisdiction. Local runtimes have no jurisdictions: there it is the namespace itself. */
const within = <T extends Rpc.DurableObjectBranded>(
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

/** The object of a session. Its name has the site's id, so that no site reaches another's sessions. */
export const sessionOf = (env: Env, { site, jurisdiction }: Tenant, sessionId: string) =>
  within(env.SESSION, jurisdiction).getByName(`${site.id}:${sessionId}`);

/** The object of a shard of a site's users, pages and other entities. */
export const rollupOf = (env: Env, { site, jurisdiction }: Tenant, shard: number) =>
  within(env.ROLLUP, jurisdiction).getByName(`${site.id}:${shard}`);

/** The one object that sums the deployment's metrics. */
export const metricsOf = (env: Env) => env.METRICS.getByName("metrics");
