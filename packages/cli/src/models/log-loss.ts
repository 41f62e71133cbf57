import { type Sample, weightedMean } from "./sample.ts";

/** The mean of -ln(predicted probability of the outcome): 0 is perfect. A prediction of 0 or 1 counts as off by 2.2e-16. */
export const logLoss = (sample: Sample): number =>
  weightedMean(sample, (index) => {
    const predicted = Math.min(Math.max(sample.predicted[index] as number, Number.EPSILON), 1 - Number.EPSILON);
    return -Math.log(sample.outcome[index] ? predicted : 1 - predicted);
  });
