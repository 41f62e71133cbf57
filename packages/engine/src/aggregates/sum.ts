import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import { MAX_SUMMAND } from "../limits.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Whether a value is a number within the bound of sums. */
export const isSummable = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= MAX_SUMMAND;

/** Sum of a numeric field, in whole millionths. Zero for no values. */
export const sum: AggregateKind<Exact> = {
  emptyPartial: () => 0,
  add: (partial, value) => (isSummable(value) ? plus(partial, millionths(value)) : partial),
  mergeInto: plus,
  result: fromMillionths,
};
