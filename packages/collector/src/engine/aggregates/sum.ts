import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Values beyond this, in either direction, are passed over: they would make the exact sum grow without bound. */
const MAX_VALUE = 1e15;

/** Whether a value can be summed. */
export const isSummable = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= MAX_VALUE;

/** Sum of a numeric field, kept in whole millionths. Zero for none. */
export const sum: AggregateKind<Exact> = {
  zero: () => 0,
  add: (state, value) => (isSummable(value) ? plus(state, millionths(value)) : state),
  merge: plus,
  result: fromMillionths,
};
