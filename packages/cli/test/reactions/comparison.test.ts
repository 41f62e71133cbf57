import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absoluteLift } from "../../src/reactions/absolute-lift.ts";
import { compare } from "../../src/reactions/comparison.ts";
import { relativeLift } from "../../src/reactions/relative-lift.ts";
import { sampleRatio } from "../../src/reactions/sample-ratio.ts";
import { type Estimate, type Proportion, wilson } from "../../src/reactions/wilson.ts";
import { type Dice, diceOf } from "../../src/visits/dice.ts";

const arm = (outcomes: number, sessions: number): Proportion => ({ outcomes, sessions });

/** Expects an interval, to twelve digits. */
const expectBounds = ({ low, high }: Estimate, [lower, upper]: readonly [number, number]): void => {
  expect(low).toBeCloseTo(lower, 12);
  expect(high).toBeCloseTo(upper, 12);
};

describe("intervals of shares", () => {
  // proportion_confint(method="wilson") of statsmodels 0.15.0. The first four are also in Newcombe's paper of 1998 about
  // single proportions, to four digits.
  it.each([
    [81, 263, [0.2552885198782742, 0.36620957698280004]],
    [15, 148, [0.06238639953073628, 0.16048724172330803]],
    [0, 20, [0, 0.1611251580528194]],
    [1, 29, [0.006113214292762667, 0.17175521879320294]],
    [20, 20, [0.8388748419471804, 1]],
    [540, 9_000, [0.05527874176949762, 0.06509670728496116]],
  ] as const)("are Wilson's: %i of %i", (outcomes, sessions, bounds) => {
    const share = wilson(arm(outcomes, sessions));
    expect(share.value).toBe(outcomes / sessions);
    expectBounds(share, bounds);
  });
});

describe("intervals of lift", () => {
  // confint_proportions_2indep of statsmodels 0.15.0: method="newcomb", compare="diff", and method="log", compare="ratio".
  // The first three differences are also in Newcombe's paper of 1998 about differences, to four digits.
  it.each([
    [arm(56, 70), arm(48, 80), [0.05243147240236498, 0.33387265403690614], [0.07662642276319276, 0.6512485112663873]],
    [arm(9, 10), arm(3, 10), [0.1705227239345029, 0.809017973535488], [0.13835035744766988, 6.906177514784793]],
    [arm(10, 10), arm(0, 10), [0.6075093504305241, 1], undefined],
    [
      ...[arm(540, 9_000), arm(45, 1_000)],
      ...[
        [-0.0004232295301758761, 0.027305582074338912],
        [-0.009278447304595594, 0.7944272767066289],
      ],
    ],
    [
      ...[arm(120, 400), arm(30, 100)],
      ...[
        [-0.10498358042994464, 0.09351107491598348],
        [-0.28446701055746815, 0.3975596020794163],
      ],
    ],
  ] as [Proportion, Proportion, [number, number], [number, number] | undefined][])(
    "are Newcombe's and that of the logarithm: %j and %j",
    (treatment, holdout, difference, ratio) => {
      const absolute = absoluteLift(treatment, holdout);
      expect(absolute.value).toBeCloseTo(
        treatment.outcomes / treatment.sessions - holdout.outcomes / holdout.sessions,
        12,
      );
      expectBounds(absolute, difference);
      if (!ratio) return;
      const relative = relativeLift(treatment, holdout);
      expect(relative.value).toBeCloseTo(
        treatment.outcomes / treatment.sessions / (holdout.outcomes / holdout.sessions) - 1,
        12,
      );
      expectBounds(relative, ratio);
    },
  );

  const arms = fc
    .record({ sessions: fc.integer({ min: 1, max: 10_000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ sessions, share }) => arm(Math.round(sessions * share), sessions));

  it("contain their value, change sign with the arms, and stay within -1 and 1", () => {
    fc.assert(
      fc.property(arms, arms, (one, other) => {
        const [there, back] = [absoluteLift(one, other), absoluteLift(other, one)];
        expect(there.low).toBeLessThanOrEqual(there.value);
        expect(there.high).toBeGreaterThanOrEqual(there.value);
        expect(there.low).toBeGreaterThanOrEqual(-1 - 1e-12);
        expect(there.high).toBeLessThanOrEqual(1 + 1e-12);
        expect(there.low).toBeCloseTo(-back.high, 12);
        if (one.outcomes === 0 || other.outcomes === 0) return;
        const [ratio, inverse] = [relativeLift(one, other), relativeLift(other, one)];
        expect(ratio.low).toBeLessThanOrEqual(ratio.value + 1e-12);
        expect(ratio.high).toBeGreaterThanOrEqual(ratio.value - 1e-12);
        expect((1 + ratio.low) * (1 + inverse.high)).toBeCloseTo(1, 9);
      }),
    );
  });

  const draw = (dice: Dice, sessions: number, probability: number): Proportion => {
    let outcomes = 0;
    for (let index = 0; index < sessions; index += 1) if (dice.chance(probability)) outcomes += 1;
    return arm(outcomes, sessions);
  };

  // The numbers of repetitions leave a standard error of 0.4 points.
  it.each([
    [0.06, 1_800, 0.06, 200],
    [0.08, 1_800, 0.05, 400],
    [0.3, 300, 0.5, 300],
  ])("cover the true lift in about 95 %% of simulated reactions: %d of %i and %d of %i", (p, n, q, m) => {
    const dice = diceOf(7);
    const covered = { absolute: 0, relative: 0, compared: 0 };
    const covers = ({ low, high }: Estimate, truth: number) => Number(low <= truth && truth <= high);
    for (let repetition = 0; repetition < 3_000; repetition += 1) {
      const [treatment, holdout] = [draw(dice, n, p), draw(dice, m, q)];
      covered.absolute += covers(absoluteLift(treatment, holdout), p - q);
      if (holdout.outcomes === 0) continue;
      covered.compared += 1;
      covered.relative += covers(relativeLift(treatment, holdout), p / q - 1);
    }
    for (const share of [covered.absolute / 3_000, covered.relative / covered.compared]) {
      expect(share).toBeGreaterThan(0.937);
      expect(share).toBeLessThan(0.968);
    }
  });
});

describe("the sample ratio", () => {
  // scipy.stats.chisquare of SciPy 1.17.1.
  it.each([
    [9_000, 1_000, 0.1, 0, 1],
    [9_000, 1_100, 0.1, 8.910891089108912, 0.002834749080259389],
    [44_000, 45_000, 0.5, 11.235955056179776, 0.0008022781177678721],
    [600, 400, 0.5, 40, 2.5396285894708634e-10],
    [910, 90, 0.1, 1.1111111111111112, 0.29184054514378543],
    [100, 5, 0.1, 3.201058201058201, 0.07359064004006818],
    [9_000, 1_180, 0.1, 28.644400785854614, 8.696508565071113e-8],
    [500, 1_500, 0.5, 500, 9.505397766554137e-111],
  ])("is compared by chi-square: %i and %i with a holdout of %d", (treatment, holdout, share, statistic, p) => {
    const ratio = sampleRatio(treatment, holdout, share);
    expect(ratio.expected_holdout).toBeCloseTo((treatment + holdout) * share, 9);
    expect(ratio.chi_square).toBeCloseTo(statistic, 9);
    expect(Math.abs(ratio.p - p)).toBeLessThanOrEqual(1e-9 * p);
    expect(ratio.is_mismatch).toBe(p < 0.001);
  });

  it("is a mismatch once in a thousand correct assignments, and nearly always for a lost tenth of an arm", () => {
    const dice = diceOf(3);
    const mismatches = (assign: () => [number, number]) => {
      let count = 0;
      for (let repetition = 0; repetition < 2_000; repetition += 1)
        if (sampleRatio(...assign(), 0.2).is_mismatch) count += 1;
      return count;
    };
    const assign = (kept: number) => (): [number, number] => {
      const holdout = Math.round(dice.normal(2_000, Math.sqrt(10_000 * 0.2 * 0.8)));
      return [Math.round((10_000 - holdout) * kept), holdout];
    };
    expect(mismatches(assign(1))).toBeLessThanOrEqual(8);
    expect(mismatches(assign(0.9))).toBeGreaterThan(1_500);
  });
});

describe("a comparison", () => {
  const refusalOf = (treatment: Proportion, holdout: Proportion, shares: number[]) => {
    const { refusal, lift } = compare(treatment, holdout, shares);
    expect(lift === null).toBe(refusal !== null);
    return refusal;
  };

  it.each([
    [arm(90, 900), arm(10, 100), [0.1], null],
    [arm(90, 900), arm(0, 0), [0], "no_holdout"],
    [arm(90, 900), arm(10, 100), [0.2, 0.1], "holdout_changed"],
    [arm(90, 900), arm(10, 100), [0.2], "sample_ratio"],
    [arm(90, 891), arm(10, 99), [0.1], "too_few_sessions"],
    [arm(10, 99), arm(90, 891), [0.9], "too_few_sessions"],
    [arm(90, 900), arm(9, 100), [0.1], "too_few_outcomes"],
    [arm(9, 900), arm(10, 100), [0.1], "too_few_outcomes"],
    [arm(0, 0), arm(0, 0), [0.1], "too_few_sessions"],
  ] as const)("of %j and %j with a holdout of %j refuses: %j", (treatment, holdout, shares, refusal) => {
    expect(refusalOf(treatment, holdout, [...shares])).toBe(refusal);
  });

  it("says on which side of zero the interval of the difference is", () => {
    const directionOf = (treatment: number, holdout: number) =>
      compare(arm(treatment, 1_000), arm(holdout, 1_000), [0.5]).lift?.direction;
    expect([directionOf(150, 100), directionOf(100, 150), directionOf(110, 100)]).toEqual([
      "higher",
      "lower",
      "unclear",
    ]);
  });

  it("has the shares of arms in any case, and none of an empty one", () => {
    const { treatment, holdout, sample_ratio } = compare(arm(9, 90), arm(0, 0), [0]);
    expect([treatment.share, holdout.share, sample_ratio]).toEqual([wilson(arm(9, 90)), null, null]);
  });
});
