import type { AggregateKind } from "./aggregate.ts";

/** Sum of a numeric field. Zero for none. */
export const sum: AggregateKind<number> = {
  zero: () => 0,
  add: (state, value) => (typeof value === "number" ? state + value : state),
  merge: (a, b) => a + b,
  result: (state) => state,
};
