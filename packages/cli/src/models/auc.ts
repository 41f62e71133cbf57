import type { Sample } from "./sample.ts";

/**
 * The area under the ROC curve: the probability that a positive has a greater prediction than a negative, where equal
 * predictions count half. 0.5 is chance, 1 is perfect. NaN for a sample without positives or without negatives.
 */
export const auc = ({ predicted, outcome, weight }: Sample): number => {
  let [positives, negatives, area] = [0, 0, 0];
  for (let index = 0; index < predicted.length; ) {
    let [positive, negative] = [0, 0];
    for (const value = predicted[index]; predicted[index] === value; index += 1) {
      if (outcome[index]) positive += weight[index] as number;
      else negative += weight[index] as number;
    }
    area += positive * (negatives + negative / 2);
    positives += positive;
    negatives += negative;
  }
  return area / (positives * negatives);
};
