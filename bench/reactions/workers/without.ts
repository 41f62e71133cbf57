import { createCollector } from "@tidemark/collector";
import { without } from "./configs.ts";

const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(without);

/** The reference: the Worker without reactions. */
export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
