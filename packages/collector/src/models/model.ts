import type { EmbeddedModel, ModelSet } from "./embedded-model.ts";
import { Field } from "./field.ts";
import { readLightgbm } from "./lightgbm.ts";
import { readTidemarkModel } from "./tidemark-model.ts";
import { readXgboost } from "./xgboost.ts";

export type { EmbeddedModel, ModelSet } from "./embedded-model.ts";
export { MAX_MODEL_BYTES } from "./limits.ts";
export { ModelError } from "./model-error.ts";

/**
 * Reads a model file: JSON of `tidemark-models`, of XGBoost's `save_model`, or of LightGBM's `dump_model`.
 *
 * @param file The parsed JSON. It is not changed, and not kept.
 * @param set The feature set of the model. A file of `tidemark-models` names its set; the features of the others have the
 * names of the set's features, in their order.
 * @throws ModelError with the field, the expected value and the given one, if the predictions would not be exactly those
 * of the library.
 */
export const readModel = (file: unknown, set: ModelSet): EmbeddedModel => {
  const root = new Field(file, "");
  if (root.has("format")) return readTidemarkModel(root, set);
  if (root.has("learner")) return readXgboost(root, set);
  if (root.has("tree_info")) return readLightgbm(root, set);
  return root.refuse(
    "JSON of tidemark-models, of XGBoost's save_model, or of LightGBM's dump_model",
    "Save an XGBoost model as model.json, and a LightGBM model with json.dump(booster.dump_model(), file).",
  );
};
