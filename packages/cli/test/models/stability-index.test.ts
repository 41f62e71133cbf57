import fc from "fast-check";
import { expect, it } from "vitest";
import { stabilityIndex } from "../../src/models/stability-index.ts";

it("is the sum of the differences of shares times their log ratios", () => {
  // (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5)
  expect(stabilityIndex([1, 1], [40, 60])).toBeCloseTo(0.04054651081, 10);
});

it("is finite for an empty group, and large if the predictions have left their groups", () => {
  const index = stabilityIndex([1, 1, 0], [0, 0, 1]);
  expect(index).toBeGreaterThan(10);
  expect(index).toBeLessThan(30);
});

it("is zero for equal shares, never negative, and the same in both directions", () => {
  const counts = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 })), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(counts, fc.integer({ min: 2, max: 9 }), (pairs, factor) => {
      const [one, other] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
      fc.pre(one.some(Boolean) && other.some(Boolean));
      expect(
        stabilityIndex(
          one,
          one.map((count) => count * factor),
        ),
      ).toBeCloseTo(0, 10);
      expect(stabilityIndex(one, other)).toBeGreaterThanOrEqual(0);
      expect(stabilityIndex(one, other)).toBeCloseTo(stabilityIndex(other, one), 8);
    }),
  );
});
