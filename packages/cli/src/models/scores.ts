import { auc } from "./auc.ts";
import { bootstrap, type Interval } from "./bootstrap.ts";
import { brierScore } from "./brier-score.ts";
import { calibration, calibrationError, type Decile, decileOf } from "./calibration.ts";
import { logLoss } from "./log-loss.ts";
import { type Scored, sampleOf, sorted } from "./sample.ts";

/** Least number of positives, and of negatives, for scores. */
export const LEAST_OUTCOMES = 100;

/** A statistic and its interval. */
export interface Estimate extends Interval {
  value: number;
}

/** The scores of predictions, with intervals of 95 %. */
export interface Scores {
  auc: Estimate;
  log_loss: Estimate;
  brier: Estimate;
  /** Expected calibration error. It has no interval: in resamples it is larger on average. */
  calibration_error: number;
  /** Each with the interval of the observed share. */
  deciles: (Decile & { observed_low: number; observed_high: number })[];
}

/** Number of predictions and outcomes. */
export interface Counts {
  predictions: number;
  entities: number;
  positives: number;
  /**
   * Number of predictions with equal weights that would be as precise. It is less than `predictions` if the probability of
   * assignment varies.
   */
  effective: number;
}

/** Counts predictions and outcomes. */
export const countsOf = (rows: readonly Scored[]): Counts => {
  const sum = rows.reduce((total, { weight }) => total + weight, 0);
  const squares = rows.reduce((total, { weight }) => total + weight ** 2, 0);
  return {
    predictions: rows.length,
    entities: new Set(rows.map(({ id }) => id)).size,
    positives: rows.filter(({ outcome }) => outcome).length,
    effective: squares > 0 ? sum ** 2 / squares : 0,
  };
};

/** Whether there are too few positives or negatives for scores. */
export const hasTooFew = ({ predictions, positives }: Counts): boolean =>
  Math.min(positives, predictions - positives) < LEAST_OUTCOMES;

const nameOf = ({ decile }: Decile): string => `decile ${decile}`;

/** Scores predictions against their outcomes. It needs positives and negatives. */
export const scoresOf = (rows: readonly Scored[]): Scores => {
  const ascending = sorted(rows);
  const sample = sampleOf(ascending);
  const groups = decileOf(sample);
  const deciles = calibration(sample, groups);
  const ids = ascending.map(({ id }) => id);
  const intervals = bootstrap(ids, sample.weight, (weight) => {
    const resample = { ...sample, weight };
    const observed = calibration(resample, groups).map((decile) => [nameOf(decile), decile.observed]);
    const scores = { auc: auc(resample), log_loss: logLoss(resample), brier: brierScore(resample) };
    return { ...scores, ...Object.fromEntries(observed) };
  });
  const intervalOf = (name: string): Interval => intervals.get(name) as Interval;
  return {
    auc: { value: auc(sample), ...intervalOf("auc") },
    log_loss: { value: logLoss(sample), ...intervalOf("log_loss") },
    brier: { value: brierScore(sample), ...intervalOf("brier") },
    calibration_error: calibrationError(deciles),
    deciles: deciles.map((decile) => {
      const { low, high } = intervalOf(nameOf(decile));
      return { ...decile, observed_low: low, observed_high: high };
    }),
  };
};
