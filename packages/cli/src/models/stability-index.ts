/** Share that an empty group counts as: the logarithm of zero is not finite. */
const LEAST_SHARE = 1e-4;

const sharesOf = (counts: readonly number[]): number[] => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => Math.max(count / total, LEAST_SHARE));
};

/**
 * The population stability index of two distributions over the same groups. It is the sum of (actual - expected) *
 * ln(actual / expected) of their shares. Equal ones have 0; by convention it is small below 0.1, and large from 0.25 on.
 *
 * @param expected Counts or shares of the groups in the reference.
 * @param actual Counts or shares of the groups now.
 */
export const stabilityIndex = (expected: readonly number[], actual: readonly number[]): number => {
  const now = sharesOf(actual);
  return sharesOf(expected).reduce((sum, share, group) => {
    const own = now[group] as number;
    return sum + (own - share) * Math.log(own / share);
  }, 0);
};
