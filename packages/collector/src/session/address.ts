import type { Metrics } from "../metrics/metrics.ts";
import type { RollupObject } from "../rollup/rollup.ts";
import type { SessionObject } from "./session.ts";

/** The bindings that `wrangler.toml` gives the Worker. Secrets are beside them, under the names that the sites give. */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  METRICS: DurableObjectNamespace<Metrics>;
  ROLLUP: DurableObjectNamespace<RollupObject>;
}

/** The one object that holds a site's session. The site is part of its name: sites cannot reach each other's. */
export const sessionOf = (env: Env, site: string, sessionId: string) => env.SESSION.getByName(`${site}:${sessionId}`);

/** The one object that adds up the deployment's figures. */
export const metricsOf = (env: Env) => env.METRICS.getByName("metrics");

/** The one object that is a shard of a site's users, pages and other entities. */
export const rollupOf = (env: Env, site: string, shard: number) => env.ROLLUP.getByName(`${site}:${shard}`);
