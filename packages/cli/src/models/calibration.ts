import type { Sample } from "./sample.ts";

/** Number of groups of predictions, of about the same size. */
const DECILES = 10;

/** Predictions of similar values, and the share of their outcomes. */
export interface Decile {
  /** 1 for the lowest predictions, 10 for the highest. */
  decile: number;
  predictions: number;
  /** Smallest and largest prediction. */
  from: number;
  to: number;
  /** Mean prediction. */
  predicted: number;
  /** Share of outcomes for which the label holds. */
  observed: number;
  /** Share of the weight of all predictions. */
  share: number;
}

/** The quantile of ascending values, between which it interpolates linearly. */
export const quantile = (ascending: ArrayLike<number>, share: number): number => {
  const position = (ascending.length - 1) * share;
  const below = ascending[Math.floor(position)] as number;
  const above = ascending[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
};

/**
 * The decile of each prediction, from 0 to 9. Equal predictions are in one decile, so that a decile can be larger, and
 * others be empty. Weights do not change the deciles.
 */
export const decileOf = ({ predicted }: Sample): Uint8Array => {
  const edges = Array.from({ length: DECILES - 1 }, (_, index) => quantile(predicted, (index + 1) / DECILES));
  return Uint8Array.from(predicted, (value) => edges.filter((edge) => edge < value).length);
};

/** Compares predictions and outcomes by decile. Deciles without weight are left out. */
export const calibration = (sample: Sample, deciles = decileOf(sample)): Decile[] => {
  const { predicted, outcome, weight } = sample;
  const total = weight.reduce((sum, each) => sum + each, 0);
  const sums = Array.from({ length: DECILES }, () => ({ predictions: 0, from: 1, to: 0, sum: 0, held: 0, weight: 0 }));
  for (let index = 0; index < predicted.length; index += 1) {
    const [decile, own, value] = [sums[deciles[index] as number], weight[index] as number, predicted[index] as number];
    if (decile === undefined || own === 0) continue;
    decile.predictions += 1;
    decile.from = Math.min(decile.from, value);
    decile.to = Math.max(decile.to, value);
    decile.sum += own * value;
    decile.held += own * (outcome[index] as number);
    decile.weight += own;
  }
  return sums.flatMap(({ sum, held, weight: own, ...range }, index) =>
    own > 0 ? [{ decile: index + 1, ...range, predicted: sum / own, observed: held / own, share: own / total }] : [],
  );
};

/** The expected calibration error: the mean difference between prediction and share of outcomes in a decile, by weight. */
export const calibrationError = (deciles: readonly Decile[]): number =>
  deciles.reduce((sum, { predicted, observed, share }) => sum + share * Math.abs(predicted - observed), 0);
