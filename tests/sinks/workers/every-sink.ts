import { env } from "cloudflare:workers";
import { createCollector } from "@tidemark/collector";
import { defineConfig, defineSink } from "@tidemark/collector/config";
import {
  bigquery,
  clickhouse,
  kafka,
  kafkaRest,
  kinesis,
  postgres,
  s3,
  snowpipe,
  webhookSink,
} from "@tidemark/collector/sinks";
import { defaultFeatures } from "@tidemark/schema";
import type { SinkTarget } from "../../../packages/collector/src/define-sink.ts";
import { EgressObject } from "../../../packages/collector/src/egress/egress.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import { diskBucket } from "../../workerd/workers/disk-bucket.ts";

const TARGETS = { bigquery, clickhouse, kafka, kafkaRest, kinesis, postgres, s3, snowpipe, webhookSink };

/** A sink of events. */
interface GivenSink {
  name: string;
  to: keyof typeof TARGETS;
  settings: object;
}

/** The parts of the configuration that a test gives. */
interface Settings {
  /** The origin of pages. */
  ORIGIN: string;
  /** The sinks, as JSON. */
  SINKS: string;
  /** Features besides the catalogue, as JSON. */
  FEATURES: string;
}

const { ORIGIN, SINKS, FEATURES } = env as unknown as Settings;

const sinkOf = ({ name, to, settings }: GivenSink) =>
  defineSink({ name, to: (TARGETS[to] as (settings: object) => SinkTarget)(settings), kinds: ["event"] });

const config = {
  ...defineConfig({
    sites: [{ id: "shop", key: "tm_shop_sinksink", origins: [ORIGIN], readKeySecret: "TIDEMARK_READ_KEY" }],
    adminKeySecret: "TIDEMARK_ADMIN_KEY",
    features: [...defaultFeatures, ...(JSON.parse(FEATURES) as [])],
    log: { days: 7 },
  }),
  // There is one for each target, which is more than a site of a deployment may have.
  sinks: (JSON.parse(SINKS) as GivenSink[]).map(sinkOf),
};

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

/** The deployed Worker with a log on disk, and the sinks of a test. */
export default {
  fetch: (request: Request, diskEnv: DiskEnv, context: ExecutionContext) =>
    handlers.fetch(request, withLog(diskEnv), context),
};
