import type { FeatureValue, ServedSet, ValueKind } from "@tidemark/schema";

/** The feature set that a model reads. */
export interface ModelSet extends ServedSet {
  /** Names of its features, in the order of its vectors. */
  features: readonly string[];
  /** Kinds of the features' values, by name. With it, a model that reads a text as a number is refused. Default: any. */
  kinds?: ReadonlyMap<string, ValueKind>;
}

/** The distribution of a model's predictions in training, with which later ones are compared. */
export interface ReferenceDistribution {
  /** Ascending bounds of the bins. The first bin is below the first bound, the last one from the last bound on. */
  edges: readonly number[];
  /** Share of the predictions in each bin: one more than there are bounds. */
  shares: readonly number[];
}

/** A model that runs in the collector. */
export interface EmbeddedModel {
  /** The program and version that trained the model, such as `xgboost 3.2.0`, if the file has them. */
  trainedBy?: string;
  /** Time of the training in UTC milliseconds, if the file has it. */
  trainedAt?: number;
  /** Present in files of `tidemark-models`. */
  reference?: ReferenceDistribution;
  /**
   * Predicts for one vector.
   *
   * @param values Values of the set's features, in their order; `null` for a missing one.
   * @returns A finite number: the probability of the positive class, or the predicted value.
   * @throws ModelError when the arithmetic of the model overflows.
   */
  predict(values: readonly FeatureValue[]): number;
}
