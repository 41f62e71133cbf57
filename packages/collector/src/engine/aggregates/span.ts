import type { AggregateKind } from "./aggregate.ts";

type Range = [smallest: number, largest: number] | null;

const merge = (a: Range, b: Range): Range =>
  a === null ? b : b === null ? a : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

/** Largest less smallest value of a numeric field. `null` for none, zero for one. */
export const span: AggregateKind<Range> = {
  zero: () => null,
  add: (state, value) => (typeof value === "number" ? merge(state, [value, value]) : state),
  merge,
  result: (state) => (state === null ? null : state[1] - state[0]),
};
