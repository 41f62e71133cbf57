import type { AggregateKind } from "./aggregate.ts";

type Extreme = number | null;

const extreme = (pick: (a: number, b: number) => number): AggregateKind<Extreme> => {
  const merge = (a: Extreme, b: Extreme) => (a === null ? b : b === null ? a : pick(a, b));
  return {
    emptyPartial: () => null,
    add: (partial, value) => (typeof value === "number" ? merge(partial, value) : partial),
    mergeInto: merge,
    result: (partial) => partial,
  };
};

/** Smallest value of a numeric field. `null` for no values. */
export const min = extreme(Math.min);

/** Largest value of a numeric field. `null` for no values. */
export const max = extreme(Math.max);
