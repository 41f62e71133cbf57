import { createCollector } from "@tidemark/collector";
import type { Env } from "../../../packages/collector/src/env.ts";
import { LogWriterObject } from "../../../packages/collector/src/log/log-writer.ts";
import { createTenants } from "../../../packages/collector/src/tenants.ts";
import config from "../../../tidemark.config.ts";
import { countedBucket, countedObject, countedWorker } from "./counted.ts";

const logged = { ...config, log: { days: 7 } };

const collector = createCollector(logged);

const bucket = countedBucket("LOG");

class BareLogWriter extends LogWriterObject {
  protected override readonly tenants = createTenants(logged);

  constructor(state: DurableObjectState, env: Env) {
    super(state, { ...env, LOG: bucket });
  }
}

/** The deployed Worker with a log, counted. */
export const Session = countedObject(collector.Session);
export const Partition = countedObject(collector.Partition);
export const EntityShard = countedObject(collector.EntityShard);
export const LogWriter = countedObject(BareLogWriter);
export const Schedule = countedObject(collector.Schedule);
export const Metrics = countedObject(collector.Metrics);
export default countedWorker(collector.handlers);
