import type { AggregateKind } from "./aggregate.ts";

type Range = [smallest: number, largest: number] | null;

const merge = (a: Range, b: Range): Range =>
  a === null || b === null ? copy(a ?? b) : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

const copy = (range: Range): Range => (range === null ? null : [...range]);

/** Largest minus smallest value of a numeric field. `null` for no values, zero for one value. */
export const span: AggregateKind<Range> = {
  emptyPartial: () => null,
  add(partial, value) {
    if (typeof value !== "number") return partial;
    if (partial === null) return [value, value];
    if (value < partial[0]) partial[0] = value;
    if (value > partial[1]) partial[1] = value;
    return partial;
  },
  mergeInto: merge,
  result: (partial) => (partial === null ? null : partial[1] - partial[0]),
};
