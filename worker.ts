import { createCollector } from "@tidemark/collector";
import config from "./tidemark.config.ts";

const { handlers, Metrics, Rollup, Session } = createCollector(config);

export { handlers as default, Metrics, Rollup, Session };
