import type { Expression, FeatureValue } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../src/expression.ts";

const values: Record<string, FeatureValue> = {
  two: 2,
  zero: 0,
  yes: true,
  no: false,
  word: "a",
  none: null,
  list: ["a"],
};

const resultOf = (expression: Expression) => evaluate(expression, (name) => values[name] as FeatureValue);
const of = (op: string, left: Expression, right: Expression): Expression => ({ op, left, right }) as Expression;
const feature = (name: keyof typeof values): Expression => ({ feature: name });

describe("an expression", () => {
  it("evaluates to its number, or to the value of its feature", () => {
    expect([resultOf(7), resultOf(feature("two")), resultOf(feature("word")), resultOf(feature("yes"))]).toEqual([
      7,
      2,
      "a",
      true,
    ]);
  });

  it("evaluates to null for a feature that is null or a list", () => {
    expect([resultOf(feature("none")), resultOf(feature("list"))]).toEqual([null, null]);
  });

  const numbers: Record<string, (a: number, b: number) => number | boolean | null> = {
    add: (a, b) => a + b,
    subtract: (a, b) => a - b,
    multiply: (a, b) => a * b,
    divide: (a, b) => (b === 0 ? null : a / b),
    min: Math.min,
    max: Math.max,
    lt: (a, b) => a < b,
    lte: (a, b) => a <= b,
    gt: (a, b) => a > b,
    gte: (a, b) => a >= b,
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
  };

  it.each(Object.entries(numbers))("calculates %s of two numbers", (op, calculate) => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }), (a, b) => {
        expect(resultOf(of(op, a, b))).toBe(calculate(a, b));
      }),
    );
  });

  it.each(Object.keys(numbers).filter((op) => op !== "eq" && op !== "ne"))(
    "evaluates to null when an operand of %s is not a number",
    (op) => {
      for (const other of ["word", "yes", "none", "list"] as const) {
        expect([resultOf(of(op, 1, feature(other))), resultOf(of(op, feature(other), 1))]).toEqual([null, null]);
      }
    },
  );

  it.each([
    ["and", (a: boolean, b: boolean) => a && b],
    ["or", (a: boolean, b: boolean) => a || b],
  ] as const)("combines two booleans by %s, and evaluates to null for other operands", (op, join) => {
    for (const [left, a] of [
      ["yes", true],
      ["no", false],
    ] as const) {
      for (const [right, b] of [
        ["yes", true],
        ["no", false],
      ] as const) {
        expect(resultOf(of(op, feature(left), feature(right)))).toBe(join(a, b));
      }
      for (const other of ["two", "word", "none"] as const) {
        expect([
          resultOf(of(op, feature(left), feature(other))),
          resultOf(of(op, feature(other), feature(left))),
        ]).toEqual([null, null]);
      }
    }
  });

  it("compares texts and booleans for equality, and treats values of two kinds as unequal", () => {
    expect(resultOf(of("eq", feature("word"), feature("word")))).toBe(true);
    expect(resultOf(of("ne", feature("yes"), feature("no")))).toBe(true);
    expect(resultOf(of("eq", feature("yes"), 1))).toBe(false);
    expect(resultOf(of("ne", feature("word"), feature("none")))).toBeNull();
  });

  it("negates booleans, and evaluates to null for other values", () => {
    const not = (name: keyof typeof values) => resultOf({ op: "not", of: feature(name) });
    expect(["yes", "no", "two", "none"].map(not)).toEqual([false, true, null, null]);
  });

  it("selects a branch by a boolean, and does not evaluate the other branch", () => {
    const choose = (condition: Expression) => resultOf({ if: condition, then: 1, else: feature("word") });
    expect([choose(feature("yes")), choose(feature("no")), choose(feature("two")), choose(feature("none"))]).toEqual([
      1,
      "a",
      null,
      null,
    ]);
    expect(resultOf({ if: feature("yes"), then: 1, else: of("divide", 1, 0) })).toBe(1);
  });
});
