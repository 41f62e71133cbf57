import type { SinkTarget } from "../../../packages/collector/src/config.ts";
import type { Sink } from "../../../packages/collector/src/sinks/sink.ts";
import config from "../../../tidemark.config.ts";
import { countedDeployment } from "./counted-deployment.ts";

/** Time in which the target responds, in milliseconds. */
const RESPONDS_MS = 50;

/** A target that takes each record, after the time of a response. */
const target: SinkTarget = {
  type: "counting",
  secrets: [],
  check: () => {},
  create: async (): Promise<Sink> => ({
    limits: { records: 2_000, bytes: 700_000 },
    async attempt({ pending }) {
      await scheduler.wait(RESPONDS_MS);
      return { outcomes: pending.map(() => ({ type: "delivered" })) };
    },
  }),
};

/** The deployed Worker with a log and a sink, and without models and reactions, counted. */
const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = countedDeployment({
  ...config,
  log: { days: 7 },
  models: [],
  reactions: [],
  sinks: [{ name: "counting", to: target }],
});

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
