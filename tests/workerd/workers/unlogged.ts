import { createCollector } from "@tidemark/collector";
import config from "../../../tidemark.config.ts";

const { log: _, models: __, reactions: ___, ...unlogged } = config;

/** The deployed Worker without a log, models and reactions. */
const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(unlogged);

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
