import { type Sample, weightedMean } from "./sample.ts";

/** The mean square of the difference between prediction and outcome: 0 is perfect, and 0.25 that of always 0.5. */
export const brierScore = (sample: Sample): number =>
  weightedMean(sample, (index) => ((sample.predicted[index] as number) - (sample.outcome[index] as number)) ** 2);
