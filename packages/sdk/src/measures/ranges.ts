import { Math } from "../platform.ts";

/** A range of a medium's timeline, in milliseconds. */
export type Range = [from: number, to: number];

/** Adds a range to disjoint ranges, in any order. The result is disjoint: ranges that overlap or touch become one. */
export const addRange = (ranges: Range[], from: number, to: number): Range[] => [
  ...ranges.filter((range) => {
    if (range[1] < from || range[0] > to) return true;
    from = Math.min(from, range[0]);
    to = Math.max(to, range[1]);
    return false;
  }),
  [from, to],
];

/** The total length of ranges. Not by `reduce`, which old libraries replace. */
export const lengthOf = (ranges: readonly Range[]): number => {
  let length = 0;
  for (const [from, to] of ranges) length += to - from;
  return length;
};
