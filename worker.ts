import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const { EntityShard, handlers, Metrics, Partition, Session } = createCollector(config);

export { EntityShard, handlers as default, Metrics, Partition, Session };
