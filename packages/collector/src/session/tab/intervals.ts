/**
 * A set of integers as sorted, disjoint, non-adjacent ranges, both ends included. It is exact, and small while it is
 * dense.
 */
export type Intervals = [from: number, to: number][];

/** Position of the first range that ends at `number` or later. */
const search = (set: Intervals, number: number): number => {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle] as [number, number])[1] < number) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Whether the set contains the number. */
export const has = (set: Intervals, number: number): boolean => {
  const range = set[search(set, number)];
  return range !== undefined && range[0] <= number;
};

/** Whether the set contains a number of a range, or one next to it. */
export const touches = (set: Intervals, from: number, to: number): boolean => {
  const range = set[search(set, from - 1)];
  return range !== undefined && range[0] <= to + 1;
};

/** Adds every number from `from` to `to` to the set. */
export const insert = (set: Intervals, from: number, to = from): void => {
  const start = search(set, from - 1);
  let end = start;
  let [first, last] = [from, to];
  for (let range = set[end]; range && range[0] <= to + 1; range = set[end]) {
    first = Math.min(first, range[0]);
    last = Math.max(last, range[1]);
    end += 1;
  }
  set.splice(start, end - start, [first, last]);
};

/** Adds a number only if it is the successor of the largest. Returns whether it is: a fast path for events in order. */
export const insertNext = (set: Intervals, number: number): boolean => {
  const last = set.at(-1);
  if (last === undefined || last[1] !== number - 1) return false;
  last[1] = number;
  return true;
};

/** The number of elements of the set. */
export const size = (set: Intervals): number => set.reduce((total, [from, to]) => total + to - from + 1, 0);

/** The largest element of the set; -1 for the empty set. */
export const highest = (set: Intervals): number => set.at(-1)?.[1] ?? -1;

/** Returns a new set with the elements of all given sets. */
export const union = (...sets: Intervals[]): Intervals => {
  const all: Intervals = [];
  for (const set of sets) for (const [from, to] of set) insert(all, from, to);
  return all;
};
