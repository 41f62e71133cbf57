import { env } from "cloudflare:workers";
import { createCollector } from "@tidemark/collector";
import { defineConfig, defineModel, defineReaction, defineSink, embedded, http } from "@tidemark/collector/config";
import { webhookSink } from "@tidemark/collector/sinks";
import { defaultFeatures, defineFeatureSet, defineGoal } from "@tidemark/schema";
import purchase from "../../../examples/training/purchase.json" with { type: "json" };
import { EgressObject } from "../../../packages/collector/src/egress/egress.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import { diskBucket } from "../../workerd/workers/disk-bucket.ts";

/** Address of a server that takes records at `/sink` and messages at `/hook`, refuses those at `/refuse`, and fails as a model at `/model`. */
const { TARGET } = env as unknown as { TARGET: string };

const secrets = ["HOOK_SECRET"];

const config = defineConfig({
  sites: [
    { id: "shop", key: "tm_shop_watched1", origins: ["https://shop.example"], readKeySecret: "TIDEMARK_READ_KEY" },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  webhook: { url: `${TARGET}/hook`, secrets: ["WEBHOOK_SECRET"] },
  features: defaultFeatures,
  goals: [defineGoal({ name: "order", source: "custom", where: [{ field: "name", is: "eq", value: "order" }] })],
  featureSets: [
    defineFeatureSet({
      name: "purchase_intent",
      version: 1,
      entity: "session",
      features: ["engagement_score", "page_view_count", "dwell_ms", "scroll_depth_max", "click_count", "hover_count"],
    }),
  ],
  models: [
    defineModel({
      name: "purchase",
      version: 1,
      set: "purchase_intent:1",
      runs: embedded(purchase),
      when: "on_change",
    }),
    defineModel({
      ...{ name: "remote", version: 1, set: "purchase_intent:1", fallback: 0.5 },
      runs: http({ url: `${TARGET}/model`, response: "score" }),
    }),
  ],
  reactions: [
    defineReaction({
      ...{
        name: "help",
        entity: "session",
        once: true,
        expiresMs: 60_000,
        payload: {},
        to: ["page", "webhook"],
        holdout: 0.5,
      },
      when: { op: "gte", left: { feature: "custom_event_count" }, right: 1 },
    }),
  ],
  log: { days: 7 },
  canary: { site: "shop" },
  sinks: [
    defineSink({ name: "server", to: webhookSink({ url: `${TARGET}/sink`, secrets }) }),
    defineSink({ name: "picky", to: webhookSink({ url: `${TARGET}/refuse`, secrets }) }),
  ],
});

const { EntityShard, handlers, Metrics, Partition, Schedule, Session } = createCollector(config);
const tenants = createTenants(config);

/** The environment on workerd, where the log is in a folder. */
type DiskEnv = Env & { LOG_DISK: Fetcher };

const withLog = (diskEnv: DiskEnv): Env => ({ ...diskEnv, LOG: diskBucket(diskEnv.LOG_DISK) });

export class LogWriter extends LogWriterObject {
  protected override readonly tenants = tenants;

  constructor(state: DurableObjectState, diskEnv: DiskEnv) {
    super(state, withLog(diskEnv));
  }
}

export class Egress extends EgressObject {
  protected override readonly tenants = tenants;

  constructor(state: DurableObjectState, diskEnv: DiskEnv) {
    super(state, withLog(diskEnv));
  }
}

export { EntityShard, Metrics, Partition, Schedule, Session };

/** The deployed Worker with a log on disk, a goal, models, a reaction, and two sinks of which one is refused. */
export default {
  fetch: (request: Request, diskEnv: DiskEnv, context: ExecutionContext) =>
    handlers.fetch(request, withLog(diskEnv), context),
};
