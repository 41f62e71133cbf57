import { createCollector } from "@tidemark/collector";
import { EntityShardObject } from "../../../packages/collector/src/entities/entity-shard.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { PartitionObject } from "../../../packages/collector/src/partition/partition.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import { diskBucket } from "../../../tests/workerd/workers/disk-bucket.ts";
import config from "../config.ts";

const { handlers, Metrics, Schedule, Session } = createCollector(config);
const tenants = createTenants(config);

/** The environment on workerd, where the log is in a folder. */
type DiskEnv = Env & { LOG_DISK: Fetcher };

const withLog = (env: DiskEnv): Env => ({ ...env, LOG: diskBucket(env.LOG_DISK) });

/** Share of the calls between objects that fail before their effect, and share of those that fail after it. */
const FAILING = 0.01;

/** Number of calls after which a partition is split: this machine serves fewer a second than the platform. */
const CALLS = 1_000;

/** Makes a call, or fails before or after it. */
const faulty = async <T>(call: () => Promise<T>): Promise<T> => {
  if (Math.random() < FAILING) throw new Error("injected: the call did not arrive");
  const result = await call();
  if (Math.random() < FAILING) throw new Error("injected: the response did not arrive");
  return result;
};

export { Metrics, Schedule, Session };

export class Partition extends PartitionObject {
  protected override readonly tenants = tenants;
  #calls = 0;

  override apply(...args: Parameters<PartitionObject["apply"]>): ReturnType<PartitionObject["apply"]> {
    return faulty(() => super.apply(...args));
  }

  override confirmCut(...args: Parameters<PartitionObject["confirmCut"]>): void {
    if (Math.random() < FAILING) throw new Error("injected: the files were not confirmed");
    super.confirmCut(...args);
  }

  protected override isHot(): boolean {
    this.#calls += 1;
    return this.#calls % CALLS === 0;
  }
}

export class EntityShard extends EntityShardObject {
  protected override readonly tenants = tenants;

  override apply(...args: Parameters<EntityShardObject["apply"]>): ReturnType<EntityShardObject["apply"]> {
    return faulty(() => super.apply(...args));
  }
}

export class LogWriter extends LogWriterObject {
  protected override readonly tenants = tenants;

  constructor(state: DurableObjectState, env: DiskEnv) {
    super(state, withLog(env));
  }
}

/** The collector, whose objects fail now and then. */
export default {
  fetch: (request: Request, env: DiskEnv, context: ExecutionContext) => handlers.fetch(request, withLog(env), context),
};
