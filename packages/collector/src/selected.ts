import type { FeatureValue, LatestPrediction, ServedSet } from "@tidemark/schema";
import { modelOfFeature } from "@tidemark/schema/entities";

/** The part of a vector that a request names. */
export interface Selection {
  /** Names of the features, in the order of the response. */
  features: readonly string[];
  /** The feature set that has them; absent for features that the request lists. */
  set?: ServedSet;
}

/** A vector, with its predictions if it has some. */
interface PredictedVector {
  features: Record<string, FeatureValue>;
  predictions?: Record<string, LatestPrediction>;
}

/** The value of a feature, or the latest prediction for a name such as `prediction.purchase`. */
export const valueIn = ({ features, predictions = {} }: PredictedVector, name: string): FeatureValue => {
  const model = modelOfFeature(name);
  return (model === undefined ? features[name] : predictions[model]?.value) ?? null;
};

/** The selected part of a vector, with the set. */
export const select = <V extends PredictedVector>(
  vector: V,
  selection: Selection | undefined,
): V & { set?: ServedSet } => {
  if (!selection) return vector;
  const features = Object.fromEntries(selection.features.map((name) => [name, valueIn(vector, name)]));
  const models = selection.features.flatMap((name) => modelOfFeature(name) ?? []);
  const { predictions, ...others } = vector;
  const selected = Object.entries(predictions ?? {}).filter(([model]) => models.includes(model));
  return {
    ...(others as V),
    ...(selection.set && { set: selection.set }),
    features,
    ...(selected.length > 0 && { predictions: Object.fromEntries(selected) }),
  };
};
