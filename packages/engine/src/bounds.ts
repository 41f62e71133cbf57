import type { Expression } from "@tidemark/schema";
import { type evaluate, ofNumbers } from "./expression.ts";

type Scalar = ReturnType<typeof evaluate>;

/** The values that an expression may have: any, or the numbers of a range and some other values. */
export type Bounds = "any" | { range: readonly [low: number, high: number] | null; others: readonly Other[] };

type Other = Exclude<Scalar, number>;

const BOOLEANS: readonly Other[] = [true, false, null];

/** The bounds of one value. */
export const only = (value: Scalar): Bounds => {
  if (typeof value !== "number") return { range: null, others: [value] };
  return Number.isNaN(value) ? "any" : { range: [value, value], others: [] };
};

/** The bounds of the numbers of a range and `null`. */
export const rangeOrNull = (low: number, high: number): Bounds => ({ range: [low, high], others: [null] });

/** The bounds of the numbers of a range. */
export const rangeOf = (low: number, high: number): Bounds => ({ range: [low, high], others: [] });

/** Whether the value may be a given one. */
export const mayBe = (bounds: Bounds, value: Other): boolean => bounds === "any" || bounds.others.includes(value);

/** Whether the value is `true` and nothing else. */
export const isTrue = (bounds: Bounds): boolean =>
  bounds !== "any" && bounds.range === null && bounds.others.every((other) => other === true);

const union = (a: Bounds, b: Bounds): Bounds => {
  if (a === "any" || b === "any") return "any";
  const range = a.range && b.range ? hull([...a.range, ...b.range]) : (a.range ?? b.range);
  return { range, others: [...new Set([...a.others, ...b.others])] };
};

const hull = (numbers: readonly number[]): [number, number] => [Math.min(...numbers), Math.max(...numbers)];

/** The booleans that the value may be, with `null` for every other value. */
const truths = (bounds: Bounds): readonly (boolean | null)[] => {
  if (bounds === "any") return BOOLEANS as (boolean | null)[];
  const others = bounds.others.map((other) => (typeof other === "boolean" ? other : null));
  return [...new Set(bounds.range ? [...others, null] : others)];
};

const others = (values: readonly Other[]): Bounds => ({ range: null, others: [...new Set(values)] });

/**
 * Bounds the value of an expression by those of its features. The bounds contain each value that `evaluate` can return for values
 * within the given ones, and may contain more: two reads of one feature count as independent.
 */
export const boundsOf = (expression: Expression, read: (feature: string) => Bounds): Bounds => {
  if (typeof expression === "number") return only(expression);
  if ("feature" in expression) return read(expression.feature);
  if ("if" in expression) {
    const branches = truths(boundsOf(expression.if, read)).map((truth) =>
      truth === null ? only(null) : boundsOf(truth ? expression.then : expression.else, read),
    );
    return branches.reduce(union);
  }
  if (expression.op === "not")
    return others(truths(boundsOf(expression.of, read)).map((truth) => (truth === null ? null : !truth)));
  const { op } = expression;
  const left = boundsOf(expression.left, read);
  const right = boundsOf(expression.right, read);
  switch (op) {
    case "and":
    case "or":
      return others(
        truths(left).flatMap((a) =>
          truths(right).map((b) => (a === null || b === null ? null : op === "and" ? a && b : a || b)),
        ),
      );
    case "eq":
    case "ne":
      return ofEquality(op, left, right);
    default:
      return ofRanges(op, left, right);
  }
};

const ofEquality = (op: "eq" | "ne", left: Bounds, right: Bounds): Bounds => {
  if (left === "any" || right === "any") return others(BOOLEANS);
  const values = [left, right].map(
    ({ range, others }) => others.filter((other) => other !== null).length + (range ? 1 : 0),
  );
  const isOverlapping =
    left.range !== null && right.range !== null && left.range[0] <= right.range[1] && right.range[0] <= left.range[1];
  const isShared = left.others.some((other) => other !== null && right.others.includes(other));
  const isOne = ({ range }: Exclude<Bounds, "any">) => range === null || range[0] === range[1];
  const mayEqual = isOverlapping || isShared;
  const mayDiffer =
    values.every((count) => count > 0) &&
    !(mayEqual && values.every((count) => count === 1) && isOne(left) && isOne(right));
  return others([
    ...(mayEqual ? [op === "eq"] : []),
    ...(mayDiffer ? [op === "ne"] : []),
    ...(mayBe(left, null) || mayBe(right, null) ? [null] : []),
  ]);
};

const ofRanges = (op: Parameters<typeof ofNumbers>[0], left: Bounds, right: Bounds): Bounds => {
  const isOrder = op === "lt" || op === "lte" || op === "gt" || op === "gte";
  if (left === "any" || right === "any") return isOrder ? others(BOOLEANS) : "any";
  const hasOthers = left.others.length > 0 || right.others.length > 0;
  const nulls = hasOthers ? [null] : [];
  if (!left.range || !right.range) return others(nulls);
  if (op === "divide" && right.range[0] <= 0 && right.range[1] >= 0) return "any";
  // Each operator is monotone in each operand, also after rounding: its extremes are at the ends of the ranges.
  const ends = left.range.flatMap((a) => (right.range ?? []).map((b) => ofNumbers(op, a, b)));
  if (isOrder) return others([...(ends as boolean[]), ...nulls]);
  const numbers = ends as number[];
  return numbers.some(Number.isNaN) ? "any" : { range: hull(numbers), others: nulls };
};
