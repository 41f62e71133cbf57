import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Exact, fromMillionths, millionths, plus, plusSquare } from "../src/exact.ts";
import { MAX_DEVIANT, MAX_SUMMAND } from "../src/limits.ts";

/** A whole number as a state stores it: a `number` where that is exact. */
const exact = (value: bigint): Exact => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

/** Small whole numbers, numbers around the largest safe integers, and numbers far beyond them. */
const whole = fc.oneof(
  fc.bigInt({ min: -1_000n, max: 1_000n }),
  fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) - 10n, max: BigInt(Number.MAX_SAFE_INTEGER) + 10n }),
  fc.bigInt({ min: BigInt(Number.MIN_SAFE_INTEGER) - 10n, max: BigInt(Number.MIN_SAFE_INTEGER) + 10n }),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
);

const MILLION = 1_000_000n;

describe("plus", () => {
  it("adds without rounding, and returns a number where that is exact", () => {
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        expect(plus(exact(a), exact(b))).toBe(exact(a + b));
      }),
    );
  });

  it("returns the same sum in any order", () => {
    const order = fc
      .array(whole, { maxLength: 12 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    const sum = (values: bigint[]) => values.map(exact).reduce(plus, 0);
    fc.assert(
      fc.property(order, ([all, shuffled]) => {
        expect(sum(shuffled)).toBe(sum(all));
      }),
    );
  });
});

describe("plusSquare", () => {
  it("adds a square without rounding", () => {
    fc.assert(
      fc.property(whole, whole, (sum, a) => {
        expect(plusSquare(exact(sum), exact(a))).toBe(exact(sum + a * a));
      }),
    );
  });
});

describe("millionths", () => {
  it("converts a whole number exactly", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (value) => {
        expect(millionths(value)).toBe(exact(BigInt(value) * MILLION));
      }),
    );
    expect(millionths(MAX_SUMMAND)).toBe("1000000000000000000000");
  });

  it("restores the millionths that a value was computed from", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), (units) => {
        expect(millionths(units / 1e6)).toBe(units + 0);
      }),
    );
  });

  it("rounds to the nearest millionth, and halves away from zero", () => {
    expect([0.0000004, 0.0000006, -0.0000006, 2 ** -7, -(2 ** -7)].map(millionths)).toEqual([0, 1, -1, 7_813, -7_813]);
  });
});

describe("fromMillionths", () => {
  it("converts millionths of safe integers exactly", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (value) => {
        expect(fromMillionths(millionths(value))).toBe(value);
      }),
    );
  });

  it("returns the quotient to within its last bits for numbers of any size", () => {
    fc.assert(
      fc.property(whole, (units) => {
        const value = fromMillionths(exact(units));
        expect(Math.abs(value - Number(units) / 1e6)).toBeLessThanOrEqual(Math.abs(value) * 2 * Number.EPSILON);
      }),
    );
  });

  it("preserves the sign", () => {
    expect([-1, "-9007199254740000000001"].map(fromMillionths)).toEqual([-0.000001, -9007199254740000]);
  });

  it("adds the square of the largest value in a standard deviation", () => {
    expect(plusSquare(0, millionths(MAX_DEVIANT))).toBe((10n ** 30n).toString());
  });
});
