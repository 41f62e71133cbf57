import type { Jurisdiction } from "./config.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RollupObject } from "./rollup/rollup.ts";
import type { SessionObject } from "./session/session.ts";
import type { Tenant } from "./tenants.ts";

/** The bindings that `wrangler.toml` gives the Worker. Secrets are beside them, under the names that the sites give. */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  METRICS: DurableObjectNamespace<Metrics>;
  ROLLUP: DurableObjectNamespace<RollupObject>;
}

/** The objects of a namespace that live within a jurisdiction. Local runtimes have none, and keep all objects in one place. */
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

/** The one object that holds a site's session. The site is part of its name: sites cannot reach each other's. */
export const sessionOf = (env: Env, { site, jurisdiction }: Tenant, sessionId: string) =>
  within(env.SESSION, jurisdiction).getByName(`${site.id}:${sessionId}`);

/** The one object that is a shard of a site's users, pages and other entities. */
export const rollupOf = (env: Env, { site, jurisdiction }: Tenant, shard: number) =>
  within(env.ROLLUP, jurisdiction).getByName(`${site.id}:${shard}`);

/** The one object that adds up the deployment's figures. */
export const metricsOf = (env: Env) => env.METRICS.getByName("metrics");
