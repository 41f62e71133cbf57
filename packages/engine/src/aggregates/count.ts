import type { AggregateKind } from "./aggregate.ts";

/** Number of events. Zero for none. */
export const count: AggregateKind<number> = {
  emptyPartial: () => 0,
  add: (state) => state + 1,
  mergeInto: (a, b) => a + b,
  result: (state) => state,
};
