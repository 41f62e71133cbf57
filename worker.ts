import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const { EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = createCollector(config);

export { EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
