import type { AggregateKind } from "./aggregate.ts";

/** Number of events. Zero for no events. */
export const count: AggregateKind<number> = {
  emptyPartial: () => 0,
  add: (partial) => partial + 1,
  mergeInto: (a, b) => a + b,
  result: (partial) => partial,
};
