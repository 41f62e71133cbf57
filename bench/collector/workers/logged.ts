import { createCollector } from "@tidemark/collector";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import config from "../../../tidemark.config.ts";
import { diskBucket } from "../../../tests/workerd/workers/disk-bucket.ts";

const logged = { ...config, log: { days: 7 }, models: [], reactions: [] };

const { Egress, EntityShard, handlers, Metrics, Partition, Schedule, Session } = createCollector(logged);

/** The writer of the log, with a folder of the runtime as its bucket. */
class LogWriter extends LogWriterObject {
  protected override readonly tenants = createTenants(logged);

  constructor(state: DurableObjectState, env: Env & { LOG_DISK: Fetcher }) {
    super(state, { ...env, LOG: diskBucket(env.LOG_DISK) });
  }
}

/** The deployed Worker with a log, and without models and reactions. */
export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
