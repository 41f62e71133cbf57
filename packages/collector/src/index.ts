import type { TidemarkConfig } from "./config.ts";
import type { Env } from "./env.ts";
import { createApp } from "./http/app.ts";
import { Metrics } from "./metrics/metrics.ts";
import { RollupObject } from "./rollup/rollup.ts";
import { SessionObject } from "./session/session.ts";
import { createTenants } from "./tenants.ts";

/** Parts of a deployment's Worker. */
export interface Collector {
  handlers: { fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> };
  Session: new (state: DurableObjectState, env: Env) => SessionObject;
  Rollup: new (state: DurableObjectState, env: Env) => RollupObject;
  Metrics: typeof Metrics;
}

/**
 * Creates the collector of a configuration. The deployment's Worker exports its parts:
 *
 *     import { createCollector } from "@tidemark/collector";
 *     import config from "./tidemark.config.ts";
 *
 *     const { handlers, Metrics, Rollup, Session } = createCollector(config);
 *     export { handlers as default, Metrics, Rollup, Session };
 *
 * @param config The result of `defineConfig`.
 * @returns The Worker's `handlers`, and the classes of its Durable Objects under the names in `wrangler.toml`.
 * @throws Error for features that contradict each other, as `createEngine` does.
 */
export const createCollector = (config: TidemarkConfig): Collector => {
  const tenants = createTenants(config);
  const { fetch } = createApp(config, tenants);
  return {
    handlers: { fetch },
    Session: class Session extends SessionObject {
      protected override readonly tenants = tenants;
    },
    Rollup: class Rollup extends RollupObject {
      protected override readonly tenants = tenants;
    },
    Metrics,
  };
};
