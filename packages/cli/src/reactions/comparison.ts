import { absoluteLift } from "./absolute-lift.ts";
import { relativeLift } from "./relative-lift.ts";
import { type SampleRatio, sampleRatio } from "./sample-ratio.ts";
import { type Estimate, type Proportion, wilson } from "./wilson.ts";

/** Number of sessions that each arm needs. */
export const LEAST_SESSIONS = 100;

/** Number of outcomes that each arm needs: with fewer the logarithm of their ratio is not nearly normal. */
export const LEAST_OUTCOMES = 10;

/**
 * A reason for which nothing is concluded. `no_holdout`: every session received the reaction. `holdout_changed`: its share
 * differs within the period. `sample_ratio`: the arms do not have the declared ratio. Or one of them is too small.
 */
type Refusal = "holdout_changed" | "no_holdout" | "sample_ratio" | "too_few_outcomes" | "too_few_sessions";

/** The sessions of an arm. */
interface Arm extends Proportion {
  /** Share of them with the outcome; `null` without a session. */
  share: Estimate | null;
}

/** The lift of a reaction: treatment minus holdout. */
interface Lift {
  /** Difference of the shares. */
  absolute: Estimate;
  /** Ratio of the shares minus 1. */
  relative: Estimate;
  /** Whether the interval of the difference is above zero, below it, or contains it. */
  direction: "higher" | "lower" | "unclear";
}

/** The comparison of both arms of a reaction. */
export interface Comparison {
  treatment: Arm;
  holdout: Arm;
  /** `null` without a holdout, or with a changed one. */
  sample_ratio: SampleRatio | null;
  /** `null` with a refusal. */
  lift: Lift | null;
  refusal: Refusal | null;
}

const armOf = (proportion: Proportion): Arm => ({
  ...proportion,
  share: proportion.sessions > 0 ? wilson(proportion) : null,
});

const directionOf = ({ low, high }: Estimate): Lift["direction"] =>
  low > 0 ? "higher" : high < 0 ? "lower" : "unclear";

/**
 * Compares the sessions of both arms, and refuses where a lift would mislead.
 *
 * @param shares The declared shares of the holdout, each once.
 */
export const compare = (treatment: Proportion, holdout: Proportion, shares: readonly number[]): Comparison => {
  const [share = 0] = shares;
  const hasRatio = shares.length === 1 && share > 0;
  const sample_ratio = hasRatio ? sampleRatio(treatment.sessions, holdout.sessions, share) : null;
  const hasFewer = (least: number, of: keyof Proportion) => Math.min(treatment[of], holdout[of]) < least;
  const refusal = ((): Refusal | null => {
    if (shares.length > 1) return "holdout_changed";
    if (sample_ratio === null) return "no_holdout";
    if (sample_ratio.is_mismatch) return "sample_ratio";
    if (hasFewer(LEAST_SESSIONS, "sessions")) return "too_few_sessions";
    return hasFewer(LEAST_OUTCOMES, "outcomes") ? "too_few_outcomes" : null;
  })();
  const arms = { treatment: armOf(treatment), holdout: armOf(holdout) };
  if (refusal !== null) return { ...arms, sample_ratio, lift: null, refusal };
  const absolute = absoluteLift(treatment, holdout);
  const lift = { absolute, relative: relativeLift(treatment, holdout), direction: directionOf(absolute) };
  return { ...arms, sample_ratio, lift, refusal };
};
