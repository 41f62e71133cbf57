/** A prediction with its outcome. */
export interface Scored {
  /** Entity: resampled as a whole. */
  id: string;
  /** Predicted probability, from 0 to 1. */
  predicted: number;
  /** Whether the label holds. */
  outcome: boolean;
  /** Weight, greater than 0: 1, or the inverse of the probability with which the model's version was assigned. */
  weight: number;
}

/** Predictions with their outcomes, in ascending order of the predictions. */
export interface Sample {
  predicted: Float64Array;
  /** 1 where the label holds, else 0. */
  outcome: Uint8Array;
  /** From 0 on. */
  weight: Float64Array;
}

/** Sorts predictions by their values. The same predictions give the same sample, in whatever order they are. */
export const sorted = (rows: readonly Scored[]): Scored[] =>
  rows.toSorted(
    (a, b) =>
      a.predicted - b.predicted || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || Number(a.outcome) - Number(b.outcome),
  );

/** The sample of predictions in ascending order. */
export const sampleOf = (ascending: readonly Scored[]): Sample => ({
  predicted: Float64Array.from(ascending, ({ predicted }) => predicted),
  outcome: Uint8Array.from(ascending, ({ outcome }) => Number(outcome)),
  weight: Float64Array.from(ascending, ({ weight }) => weight),
});

/** The weighted mean of a quantity of each prediction; NaN for a sample without weight. */
export const weightedMean = ({ weight }: Sample, of: (index: number) => number): number => {
  let [total, sum] = [0, 0];
  for (let index = 0; index < weight.length; index += 1) {
    const own = weight[index] as number;
    if (own === 0) continue;
    total += own;
    sum += own * of(index);
  }
  return sum / total;
};
