import { createCollector } from "@tidemark/collector";
import { diskBucket } from "../../../workerd/workers/disk-bucket.ts";
import type { Env } from "../../../../packages/collector/src/env.ts";
import config from "./tidemark.config.ts";

const deployed = createCollector(config);

/** Number of calls after which a partition is split: a test sends few. */
const CALLS = 40;

/** The environment on workerd alone, where the log is in a folder. */
type DiskEnv = Env & { LOG_DISK: Fetcher };

const withLog = (env: DiskEnv): Env => ({ ...env, LOG: diskBucket(env.LOG_DISK) });

class Partition extends deployed.Partition {
  #calls = 0;

  protected override isHot(): boolean {
    this.#calls += 1;
    return this.#calls % CALLS === 0;
  }
}

class LogWriter extends deployed.LogWriter {
  constructor(state: DurableObjectState, env: DiskEnv) {
    super(state, withLog(env));
  }
}

const { EntityShard, Metrics, Session } = deployed;

export { EntityShard, LogWriter, Metrics, Partition, Session };

export default {
  fetch: (request: Request, env: DiskEnv, context: ExecutionContext) =>
    deployed.handlers.fetch(request, withLog(env), context),
};
