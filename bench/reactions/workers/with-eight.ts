import { createCollector } from "@tidemark/collector";
import { withEight } from "./configs.ts";

const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(withEight);

/** The Worker with eight reactions, whose conditions no session fulfils. */
export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
