import { env } from "cloudflare:workers";
import { createCollector } from "@tidemark/collector";
import { defineConfig, defineSink } from "@tidemark/collector/config";
import { kafka, webhookSink } from "@tidemark/collector/sinks";
import { defaultFeatures } from "@tidemark/schema";
import type { SinkTarget } from "../../../packages/collector/src/define-sink.ts";
import { EgressObject } from "../../../packages/collector/src/egress/egress.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { PartitionObject } from "../../../packages/collector/src/partition/partition.ts";
import type { Sink } from "../../../packages/collector/src/sinks/sink.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import { diskBucket } from "../../workerd/workers/disk-bucket.ts";

/** Addresses of the targets, and the number of calls after which a partition is split. */
interface Settings {
  /** Addresses of brokers, with commas between them. */
  BROKERS: string;
  /** Default: `events`. */
  TOPIC?: string;
  /** Address of the webhook. Default: none. */
  RECEIVER?: string;
  SPLIT_AFTER: string;
  /** Time between the outcomes of a topic and their commit, in milliseconds. Default: 0. */
  COMMIT_AFTER_MS?: string;
}

const { BROKERS, TOPIC = "events", RECEIVER, SPLIT_AFTER, COMMIT_AFTER_MS = "0" } = env as unknown as Settings;

/** The same target, whose outcomes take some time more. */
const slow = (to: SinkTarget, ms: number): SinkTarget => ({
  ...to,
  async create(creation) {
    const sink = (await to.create(creation)) as Sink;
    const attempt: Sink["attempt"] = async (...given) => {
      const result = await sink.attempt(...given);
      await scheduler.wait(ms);
      return result;
    };
    return { ...sink, attempt };
  },
});

const topic = kafka({ brokers: BROKERS.split(","), topic: TOPIC });
const delay = Number(COMMIT_AFTER_MS);

const config = defineConfig({
  sites: [
    { id: "shop", key: "tm_shop_sinksink", origins: ["https://shop.example"], readKeySecret: "TIDEMARK_READ_KEY" },
  ],
  adminKeySecret: "TIDEMARK_ADMIN_KEY",
  features: defaultFeatures,
  log: { days: 7 },
  sinks: [
    defineSink({ name: "topic", to: delay > 0 ? slow(topic, delay) : topic }),
    ...(RECEIVER ? [defineSink({ name: "server", to: webhookSink({ url: RECEIVER, secrets: ["HOOK_SECRET"] }) })] : []),
  ],
});

const { EntityShard, handlers, Metrics, Schedule, Session } = createCollector(config);
const tenants = createTenants(config);

/** The environment on workerd, where the log is in a folder. */
type DiskEnv = Env & { LOG_DISK: Fetcher };

const withLog = (diskEnv: DiskEnv): Env => ({ ...diskEnv, LOG: diskBucket(diskEnv.LOG_DISK) });

export class Partition extends PartitionObject {
  protected override readonly tenants = tenants;
  #calls = 0;

  protected override isHot(): boolean {
    this.#calls += 1;
    return this.#calls % Number(SPLIT_AFTER) === 0;
  }
}

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

export { EntityShard, Metrics, Schedule, Session };

/** The deployed Worker with a log on disk, and its sinks: a topic of Kafka, and perhaps a webhook. */
export default {
  fetch: (request: Request, diskEnv: DiskEnv, context: ExecutionContext) =>
    handlers.fetch(request, withLog(diskEnv), context),
};
