import config from "../../../tidemark.config.ts";
import { countedDeployment } from "./counted-deployment.ts";

/** The deployed Worker with a log and without models and reactions, counted. */
const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = countedDeployment({
  ...config,
  log: { days: 7 },
  models: [],
  reactions: [],
});

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
