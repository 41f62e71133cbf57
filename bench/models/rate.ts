import type { FeatureValue } from "@tidemark/schema";
import type { EmbeddedModel } from "../../packages/collector/src/models/model.ts";

/** Longest time of a prediction with {@link BUDGET_TREES} trees and 40 features, in milliseconds. */
const BUDGET_MS = 0.03;
const BUDGET_TREES = 60;

/** Number of timed runs. The fastest one counts, since other work on the machine affects it least. */
const RUNS = 15;

/** Measures predictions a second, one vector after another, on one thread. */
export const rateOf = ({ predict }: Pick<EmbeddedModel, "predict">, vectors: readonly FeatureValue[][]): number => {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run += 1) {
    const begin = performance.now();
    for (const vector of vectors) predict(vector);
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return Math.round((vectors.length / fastest) * 1000);
};

/** The fewest predictions a second for a number of trees. */
export const budgetFor = (trees: number): number => Math.floor((1000 / BUDGET_MS) * (BUDGET_TREES / trees));
