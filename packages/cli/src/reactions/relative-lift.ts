import { type Estimate, type Proportion, Z } from "./wilson.ts";

/**
 * The ratio of two shares minus 1, treatment by holdout: 0.1 is a tenth more. The logarithm of the ratio is about normal,
 * and its variance is the sum of `1 / outcomes - 1 / sessions` of both arms.
 *
 * Source: D. Katz, J. Baptista, S. P. Azen and M. C. Pike, "Obtaining confidence intervals for the risk ratio in cohort
 * studies", Biometrics 34 (1978), 469-474, method C.
 *
 * @param treatment With at least one outcome.
 * @param holdout With at least one outcome.
 */
export const relativeLift = (treatment: Proportion, holdout: Proportion): Estimate => {
  const ratio = treatment.outcomes / treatment.sessions / (holdout.outcomes / holdout.sessions);
  const variance = [treatment, holdout].reduce((sum, { sessions, outcomes }) => sum + 1 / outcomes - 1 / sessions, 0);
  const factor = Math.exp(Z * Math.sqrt(variance));
  return { value: ratio - 1, low: ratio / factor - 1, high: ratio * factor - 1 };
};
