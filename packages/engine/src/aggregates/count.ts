import type { AggregateKind } from "./aggregate.ts";

/** Number of events. Zero for none. */
export const count: AggregateKind<number> = {
  zero: () => 0,
  add: (state) => state + 1,
  merge: (a, b) => a + b,
  result: (state) => state,
};
