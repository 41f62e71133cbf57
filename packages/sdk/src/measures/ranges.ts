/** A part of a medium's timeline, from and to, in milliseconds. */
export type Range = [from: number, to: number];

/** Adds a part to parts that are apart from each other, in any order; they stay so: what overlaps or touches becomes one. */
export const addRange = (ranges: Range[], from: number, to: number): Range[] => [
  ...ranges.filter((each) => {
    if (each[1] < from || each[0] > to) return true;
    from = Math.min(from, each[0]);
    to = Math.max(to, each[1]);
    return false;
  }),
  [from, to],
];
