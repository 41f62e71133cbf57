import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(config);

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
