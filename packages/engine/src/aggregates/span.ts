import type { AggregateKind } from "./aggregate.ts";

type Range = [smallest: number, largest: number] | null;

const merge = (a: Range, b: Range): Range =>
  a === null || b === null ? copy(a ?? b) : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

const copy = (range: Range): Range => (range === null ? null : [...range]);

/** Largest less smallest value of a numeric field. `null` for none, zero for one. */
export const span: AggregateKind<Range> = {
  emptyPartial: () => null,
  add(state, value) {
    if (typeof value !== "number") return state;
    if (state === null) return [value, value];
    if (value < state[0]) state[0] = value;
    if (value > state[1]) state[1] = value;
    return state;
  },
  mergeInto: merge,
  result: (state) => (state === null ? null : state[1] - state[0]),
};
