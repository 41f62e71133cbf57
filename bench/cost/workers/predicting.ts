import { embedded } from "@tidemark/collector/config";
import { type FeatureSet, valueKindsOf } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import config from "../../../tidemark.config.ts";
import { countedDeployment } from "./counted-deployment.ts";
import { grownModel } from "./grown-model.ts";

/** Number of features that the model reads. */
const FEATURES = 40;

const kinds = valueKindsOf(config.features);
const numbers = featuresOf(config.features, "session").filter(({ name }) => kinds.get(name) === "number");
const set: FeatureSet = {
  ...{ name: "numbers", version: 1, entity: "session" },
  features: numbers.slice(0, FEATURES).map(({ name }) => name),
};

/** The deployed Worker with a log, and a model that runs on each change; counted. */
const { Egress, EntityShard, handlers, LogWriter, Metrics, Partition, Schedule, Session } = countedDeployment({
  ...config,
  log: { days: 7 },
  featureSets: [set],
  reactions: [],
  models: [
    {
      ...{ name: "grown", version: 1, set: "numbers:1", when: "on_change" },
      runs: embedded(grownModel(set.features)),
    },
  ],
});

export { Egress, EntityShard, handlers as default, LogWriter, Metrics, Partition, Schedule, Session };
