import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auc } from "../../src/models/auc.ts";
import { brierScore } from "../../src/models/brier-score.ts";
import { calibration, calibrationError, decileOf } from "../../src/models/calibration.ts";
import { logLoss } from "../../src/models/log-loss.ts";
import { type Sample, type Scored, sampleOf, sorted } from "../../src/models/sample.ts";
import { countsOf, hasTooFew, scoresOf } from "../../src/models/scores.ts";
import { scoredRows } from "./scored-rows.ts";

const propensity = (draw: number): number => (draw < 0.5 ? 1 / 0.9 : 1 / 0.1);
const sample = (rows: readonly Scored[]): Sample => sampleOf(sorted(rows));
const plain = sample(scoredRows(500));
const weighted = sample(scoredRows(500, propensity));

describe("scores of 500 predictions", () => {
  // roc_auc_score, log_loss and brier_score_loss of scikit-learn 1.9.1, with and without sample_weight.
  it.each([
    ["plain", plain, { auc: 0.8040488713565637, loss: 0.6451960704723089, brier: 0.1679218 }],
    ["weighted", weighted, { auc: 0.7988589117932606, loss: 0.5506664325130909, brier: 0.17021150927487352 }],
  ])("are those of scikit-learn: %s", (_, rows, expected) => {
    expect(auc(rows)).toBeCloseTo(expected.auc, 12);
    expect(logLoss(rows)).toBeCloseTo(expected.loss, 12);
    expect(brierScore(rows)).toBeCloseTo(expected.brier, 12);
  });

  it("have the deciles of scikit-learn's calibration_curve", () => {
    const deciles = calibration(plain);
    const expected = [
      [0.0029230769230769236, 0.06153846153846154],
      [0.029722222222222237, 0.08333333333333333],
      [0.07207547169811321, 0.05660377358490566],
      [0.13717391304347828, 0.21739130434782608],
      [0.22699999999999998, 0.26],
      [0.340377358490566, 0.20754716981132076],
      [0.46583333333333354, 0.5],
      [0.5848979591836735, 0.42857142857142855],
      [0.7417647058823529, 0.7450980392156863],
      [0.9024489795918367, 0.7142857142857143],
    ] as const;
    expect(deciles.map(({ decile }) => decile)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    deciles.forEach(({ predicted, observed }, index) => {
      expect(predicted).toBeCloseTo(expected[index]?.[0] as number, 12);
      expect(observed).toBeCloseTo(expected[index]?.[1] as number, 12);
    });
    const error = deciles.reduce((sum, { predictions }, index) => {
      const [predicted = 0, observed = 0] = expected[index] ?? [];
      return sum + (predictions / 500) * Math.abs(predicted - observed);
    }, 0);
    expect(calibrationError(deciles)).toBeCloseTo(error, 12);
  });
});

describe("intervals", () => {
  const scores = scoresOf(scoredRows(500));

  it("contain the estimate, and are the same in each run and order", () => {
    for (const { low, value, high } of [scores.auc, scores.log_loss, scores.brier]) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    for (const { observed_low, observed, observed_high } of scores.deciles) {
      expect(observed_low).toBeLessThanOrEqual(observed);
      expect(observed_high).toBeGreaterThanOrEqual(observed);
    }
    expect(scoresOf(scoredRows(500).toReversed())).toEqual(scores);
  });

  it("are as wide as the standard error says", () => {
    const { low, high, value } = scores.brier;
    const squares = scoredRows(500).map(({ predicted, outcome }) => (predicted - Number(outcome)) ** 2);
    const variance = squares.reduce((sum, square) => sum + (square - value) ** 2, 0) / squares.length ** 2;
    expect((high - low) / (2 * 1.96 * Math.sqrt(variance))).toBeGreaterThan(0.9);
    expect((high - low) / (2 * 1.96 * Math.sqrt(variance))).toBeLessThan(1.1);
  });

  it("are wider if an entity has many predictions: these are drawn together", () => {
    const repeated = scoredRows(500).flatMap((row) => [row, row, row, row]);
    const apart = repeated.map((row, index) => ({ ...row, id: `${index}` }));
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(scoresOf(repeated).brier)).toBeCloseTo(width(scores.brier), 2);
    expect(width(scoresOf(apart).brier)).toBeLessThan(0.6 * width(scores.brier));
  });
});

const rowsOf = fc.array(
  fc.record({
    id: fc.constantFrom("a", "b", "c", "d"),
    predicted: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1)),
    outcome: fc.boolean(),
    weight: fc.constantFrom(1, 2, 10 / 9),
  }),
  { minLength: 2, maxLength: 60 },
);

describe("for all predictions", () => {
  it("AUC is the share of pairs of a positive and a negative in the right order", () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const [positives, negatives] = [rows.filter(({ outcome }) => outcome), rows.filter(({ outcome }) => !outcome)];
        fc.pre(positives.length > 0 && negatives.length > 0);
        let [right, pairs] = [0, 0];
        for (const positive of positives)
          for (const negative of negatives) {
            const weight = positive.weight * negative.weight;
            pairs += weight;
            if (positive.predicted > negative.predicted) right += weight;
            if (positive.predicted === negative.predicted) right += weight / 2;
          }
        expect(auc(sample(rows))).toBeCloseTo(right / pairs, 10);
      }),
    );
  });

  it("a weight of two is two predictions", () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const whole = rows.map((row) => ({ ...row, weight: row.weight === 2 ? 2 : 1 }));
        const twice = whole.flatMap((row) => Array<Scored>(row.weight).fill({ ...row, weight: 1 }));
        for (const score of [auc, logLoss, brierScore]) {
          const [one, other] = [score(sample(whole)), score(sample(twice))];
          if (Number.isFinite(one) || Number.isFinite(other)) expect(one).toBeCloseTo(other, 10);
        }
      }),
    );
  });

  it("deciles have each prediction once, in order, and equal ones together", () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const own = sample(rows);
        const groups = decileOf(own);
        const deciles = calibration(own, groups);
        expect(deciles.reduce((sum, { predictions }) => sum + predictions, 0)).toBe(rows.length);
        expect(deciles.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
        for (let index = 1; index < groups.length; index += 1) {
          const [before, now] = [groups[index - 1] as number, groups[index] as number];
          expect(now).toBeGreaterThanOrEqual(before);
          if (own.predicted[index] === own.predicted[index - 1]) expect(now).toBe(before);
        }
      }),
    );
  });
});

it("counts outcomes, and the precision that unequal weights leave", () => {
  const rows = scoredRows(500);
  expect(countsOf(rows)).toEqual({ predictions: 500, entities: 500, positives: 162, effective: 500 });
  const counts = countsOf(scoredRows(500, propensity));
  expect(counts.effective).toBeGreaterThan(250);
  expect(counts.effective).toBeLessThan(350);
  expect([countsOf(rows), countsOf(rows.slice(0, 300)), countsOf([])].map(hasTooFew)).toEqual([false, true, true]);
});
