import config from "../../../tidemark.config.ts";
import { countedDeployment } from "./counted-deployment.ts";

/** The deployed Worker with a log and without models, counted. */
const { EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = countedDeployment({
  ...config,
  log: { days: 7 },
  models: [],
});

export { EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
