import { diceOf } from "../visits/dice.ts";
import { quantile } from "./calibration.ts";

/** Number of resamples. */
const RESAMPLES = 1_000;

/** Seed of the resamples, so that the same predictions give the same intervals. */
const SEED = 1;

/** Share of resamples below an interval, and above it. */
const TAIL = 0.025;

/** The range of a statistic in 95 % of the resamples. */
export interface Interval {
  low: number;
  high: number;
}

/**
 * The intervals of statistics by the bootstrap: entities are drawn with replacement, each with all its predictions, since
 * these are not independent. A resample is the weights of the predictions, multiplied by the draws of their entities.
 *
 * @param ids The entity of each prediction.
 * @param statistics Computes the statistics of a resample. Those that are not finite are left out.
 */
export const bootstrap = (
  ids: readonly string[],
  weights: Float64Array,
  statistics: (weights: Float64Array) => Readonly<Record<string, number>>,
): Map<string, Interval> => {
  const dice = diceOf(SEED);
  const numbers = new Map<string, number>();
  const entity = Int32Array.from(ids, (id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
  const draws = new Int32Array(numbers.size);
  const resampled = new Float64Array(weights.length);
  const values = new Map<string, number[]>();
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    draws.fill(0);
    for (let drawn = 0; drawn < draws.length; drawn += 1) {
      const number = dice.integer(0, draws.length - 1);
      draws[number] = (draws[number] as number) + 1;
    }
    for (let index = 0; index < weights.length; index += 1)
      resampled[index] = (weights[index] as number) * (draws[entity[index] as number] as number);
    for (const [name, value] of Object.entries(statistics(resampled))) {
      const known = values.get(name) ?? [];
      if (Number.isFinite(value)) known.push(value);
      values.set(name, known);
    }
  }
  return new Map(
    [...values].map(([name, all]) => {
      const ascending = Float64Array.from(all).sort();
      return [name, { low: quantile(ascending, TAIL), high: quantile(ascending, 1 - TAIL) }];
    }),
  );
};
