import type { TidemarkConfig } from "./config.ts";
import { EgressObject } from "./egress/egress.ts";
import { EntityShardObject } from "./entities/entity-shard.ts";
import { type Env, scheduleOf } from "./env.ts";
import { createApp } from "./http/app.ts";
import { LogWriterObject } from "./log/log-writer.ts";
import { Metrics } from "./metrics/metrics.ts";
import { PartitionObject } from "./partition/partition.ts";
import { ScheduleObject } from "./schedule/schedule.ts";
import { SessionObject } from "./session/session.ts";
import { createTenants } from "./tenants.ts";

/** Parts of a deployment's Worker. */
export interface Collector {
  handlers: {
    fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
    scheduled(controller: ScheduledController, env: Env): Promise<void>;
  };
  Session: new (state: DurableObjectState, env: Env) => SessionObject;
  Partition: new (state: DurableObjectState, env: Env) => PartitionObject;
  EntityShard: new (state: DurableObjectState, env: Env) => EntityShardObject;
  LogWriter: new (state: DurableObjectState, env: Env) => LogWriterObject;
  Schedule: new (state: DurableObjectState, env: Env) => ScheduleObject;
  Egress: new (state: DurableObjectState, env: Env) => EgressObject;
  Metrics: typeof Metrics;
}

/**
 * Creates the collector of a configuration. The deployment's Worker exports its parts:
 *
 *     import { createCollector } from "@tidemark/collector";
 *     import config from "./tidemark.config.ts";
 *
 *     const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(config);
 *     export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
 *
 * @param config The result of `defineConfig`.
 * @returns The Worker's `handlers`, and the classes of its Durable Objects under the names in `wrangler.toml`.
 * @throws Error for features that contradict each other, as `createEngine` does.
 */
export const createCollector = (config: TidemarkConfig): Collector => {
  const tenants = createTenants(config);
  const { fetch } = createApp(config, tenants);
  return {
    handlers: { fetch, scheduled: (_, env) => scheduleOf(env).wake() },
    Session: class Session extends SessionObject {
      protected override readonly tenants = tenants;

      protected override get otlp() {
        return config.otlp;
      }
    },
    Partition: class Partition extends PartitionObject {
      protected override readonly tenants = tenants;
    },
    EntityShard: class EntityShard extends EntityShardObject {
      protected override readonly tenants = tenants;
    },
    LogWriter: class LogWriter extends LogWriterObject {
      protected override readonly tenants = tenants;
    },
    Schedule: class Schedule extends ScheduleObject {
      protected override get alerts() {
        return config.alerts;
      }

      protected override get otlp() {
        return config.otlp;
      }
      protected override readonly tenants = tenants;

      protected override async request(request: Request): Promise<Response> {
        const { ctx } = this;
        const context = { waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work), passThroughOnException() {} };
        return fetch(request, this.env, context as ExecutionContext);
      }
    },
    Egress: class Egress extends EgressObject {
      protected override readonly tenants = tenants;
    },
    Metrics,
  };
};
