import { createCollector } from "@tidemark/collector";
import config from "../../../tidemark.config.ts";

const { log: _, ...unlogged } = config;

/** The deployed Worker without a log, which on one thread would write its files between the calls. */
const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(unlogged);

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
