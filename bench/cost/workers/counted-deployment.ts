import { createCollector } from "@tidemark/collector";
import type { TidemarkConfig } from "../../../packages/collector/src/config.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import { countedBucket, countedObject, countedWorker } from "./counted.ts";

/** The parts of a deployment with a log, counted. */
export const countedDeployment = (config: TidemarkConfig) => {
  const collector = createCollector(config);
  const bucket = countedBucket("LOG");

  class BareLogWriter extends LogWriterObject {
    protected override readonly tenants = createTenants(config);

    constructor(state: DurableObjectState, env: Env) {
      super(state, { ...env, LOG: bucket });
    }
  }

  return {
    Session: countedObject(collector.Session),
    Partition: countedObject(collector.Partition),
    EntityShard: countedObject(collector.EntityShard),
    LogWriter: countedObject(BareLogWriter),
    Schedule: countedObject(collector.Schedule),
    Egress: countedObject(collector.Egress),
    Metrics: countedObject(collector.Metrics),
    handlers: countedWorker(collector.handlers),
  };
};
