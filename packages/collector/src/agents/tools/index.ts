import type { Tool } from "../tool.ts";
import { explainFeature } from "./explain-feature.ts";
import { getContext } from "./get-context.ts";
import { getFeatures } from "./get-features.ts";
import { listEntities } from "./list-entities.ts";
import { listFeatureSets } from "./list-feature-sets.ts";
import { listModels } from "./list-models.ts";
import { predict } from "./predict.ts";

/** All tools, in the order in which agents see them. */
export const tools: readonly Tool[] = [
  listFeatureSets,
  getFeatures,
  listEntities,
  getContext,
  listModels,
  predict,
  explainFeature,
];
