/** The 97.5 % quantile of the standard normal distribution: bounds of 95 % on both sides. */
export const Z = 1.959963984540054;

/** Sessions of an arm, and those of them with the outcome. */
export interface Proportion {
  /** At least 1. */
  sessions: number;
  outcomes: number;
}

/** A value with its interval of 95 %. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/**
 * The share of sessions with the outcome, with Wilson's score interval. It has the shares that a test of the score does not
 * reject, so it stays within 0 and 1, and is not empty without any outcome.
 *
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
 * Statistical Association 22 (1927), 209-212.
 */
export const wilson = ({ sessions, outcomes }: Proportion): Estimate => {
  const value = outcomes / sessions;
  const spread = Z ** 2 / sessions;
  const centre = (value + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((value * (1 - value)) / sessions + spread / (4 * sessions));
  // Rounding can leave the bound of a share of 0 or 1 slightly outside of the range.
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
};
