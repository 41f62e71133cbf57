import { type Estimate, type Proportion, wilson } from "./wilson.ts";

/**
 * The difference of two shares, treatment minus holdout, with Newcombe's hybrid score interval: each bound adds the squared
 * distances of the shares from their own bounds by Wilson.
 *
 * Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
 * methods", Statistics in Medicine 17 (1998), 873-890, method 10.
 */
export const absoluteLift = (treatment: Proportion, holdout: Proportion): Estimate => {
  const [one, two] = [wilson(treatment), wilson(holdout)];
  const value = one.value - two.value;
  return {
    value,
    low: value - Math.hypot(one.value - one.low, two.high - two.value),
    high: value + Math.hypot(one.high - one.value, two.value - two.low),
  };
};
