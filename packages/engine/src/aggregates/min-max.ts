import type { AggregateKind } from "./aggregate.ts";

type Extreme = number | null;

const extreme = (pick: (a: number, b: number) => number): AggregateKind<Extreme> => {
  const merge = (a: Extreme, b: Extreme) => (a === null ? b : b === null ? a : pick(a, b));
  return {
    emptyPartial: () => null,
    add: (state, value) => (typeof value === "number" ? merge(state, value) : state),
    mergeInto: merge,
    result: (state) => state,
  };
};

/** Smallest value of a numeric field. `null` for none. */
export const min = extreme(Math.min);

/** Largest value of a numeric field. `null` for none. */
export const max = extreme(Math.max);
