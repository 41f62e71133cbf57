import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import { MAX_SUMMAND } from "../limits.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Whether a value can be summed. */
export const isSummable = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= MAX_SUMMAND;

/** Sum of a numeric field, kept in whole millionths. Zero for none. */
export const sum: AggregateKind<Exact> = {
  emptyPartial: () => 0,
  add: (state, value) => (isSummable(value) ? plus(state, millionths(value)) : state),
  mergeInto: plus,
  result: fromMillionths,
};
