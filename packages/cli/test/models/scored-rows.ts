import type { Scored } from "../../src/models/sample.ts";

/**
 * Predictions with ties, zeros and two weights, from a linear congruential sequence: a program in another language can have the
 * same ones.
 */
export const scoredRows = (number: number, weightOf = (_: number): number => 1): Scored[] => {
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return state / 2 ** 31;
  };
  return Array.from({ length: number }, (_, index) => {
    const predicted = Math.floor(next() ** 2 * 100) / 100;
    const outcome = next() < 0.8 * predicted + 0.05;
    return { id: `session-${index}`, predicted, outcome, weight: weightOf(next()) };
  });
};
