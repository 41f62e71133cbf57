import type { FeatureValue } from "@tidemark/schema";
import { ModelError } from "./model-error.ts";

/**
 * Returns the function that predicts.
 *
 * @param encode Turns a vector into a row of columns.
 * @param score Computes the sum of a row.
 * @param link Turns the sum into the prediction.
 */
export const predictionOf =
  (
    encode: (values: readonly FeatureValue[]) => Float64Array,
    score: (row: Float64Array) => number,
    link: (sum: number) => number,
  ) =>
  (values: readonly FeatureValue[]): number => {
    const prediction = link(score(encode(values)));
    if (Number.isFinite(prediction)) return prediction;
    throw new ModelError("prediction", "a finite number", String(prediction));
  };
