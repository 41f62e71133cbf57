/** Probability below which the arms do not have the declared ratio. */
const LEAST_PROBABILITY = 0.001;

/** The comparison of the arms with the declared share of the holdout. */
export interface SampleRatio {
  /** Sessions that the declared share expects in the holdout; a fraction. */
  expected_holdout: number;
  /** Pearson's statistic of both arms, with one degree of freedom. */
  chi_square: number;
  /** Probability of a statistic as large as this, if sessions are assigned with the declared share. */
  p: number;
  is_mismatch: boolean;
}

/** Argument from which the continued fraction of {@link erfc} converges faster than the series. */
const SWITCH = 2;

/** Number of terms of the series and of the continued fraction: enough for 14 digits on both sides of the switch. */
const TERMS = 100;

/**
 * The complement of the error function, for arguments from 0 on.
 *
 * Source: the series 7.6.2 and the continued fraction 7.9.2 of the NIST Digital Library of Mathematical Functions,
 * https://dlmf.nist.gov/7.
 */
const erfc = (x: number): number => {
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < SWITCH) {
    let [term, sum] = [x, x];
    for (let index = 1; index < TERMS; index += 1) {
      term *= (2 * x * x) / (2 * index + 1);
      sum += term;
    }
    return 1 - 2 * scale * sum;
  }
  let denominator = x;
  for (let index = TERMS; index > 0; index -= 1) denominator = x + index / 2 / denominator;
  return scale / denominator;
};

/**
 * Tests whether the arms have the declared ratio, by Pearson's chi-square. A chi-square of one degree of freedom is the
 * square of a standard normal number, so its upper tail is `erfc(sqrt(chi_square / 2))`. Below 0.001 something besides
 * chance puts sessions into the arms, or leaves them out; then the arms do not compare.
 *
 * Source: A. Fabijan and others, "Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019.
 *
 * @param treatment Number of sessions.
 * @param holdout Number of sessions.
 * @param share Declared share of the holdout, between 0 and 1.
 */
export const sampleRatio = (treatment: number, holdout: number, share: number): SampleRatio => {
  const sessions = treatment + holdout;
  const expected = sessions * share;
  const chi_square = sessions === 0 ? 0 : (holdout - expected) ** 2 / (expected * (1 - share));
  const p = erfc(Math.sqrt(chi_square / 2));
  return { expected_holdout: expected, chi_square, p, is_mismatch: p < LEAST_PROBABILITY };
};
