/** A set of whole numbers as sorted, disjoint, non-adjacent ranges, both ends included. Exact, and small while it is dense. */
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

/** Whether the set holds the number. */
export const has = (set: Intervals, number: number): boolean => {
  const range = set[search(set, number)];
  return range !== undefined && range[0] <= number;
};

/** Puts every number from `from` to `to` into the set. */
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

/** Puts the number after the largest into the set, if this is the one: what comes in order is quickly told. */
export const insertNext = (set: Intervals, number: number): boolean => {
  const last = set.at(-1);
  if (last === undefined || last[1] !== number - 1) return false;
  last[1] = number;
  return true;
};

/** How many numbers the set holds. */
export const size = (set: Intervals): number => set.reduce((total, [from, to]) => total + to - from + 1, 0);

/** The largest number of the set; -1 when it is empty. */
export const highest = (set: Intervals): number => set.at(-1)?.[1] ?? -1;

/** A new set with the numbers of all the given ones. */
export const union = (...sets: Intervals[]): Intervals => {
  const all: Intervals = [];
  for (const set of sets) for (const [from, to] of set) insert(all, from, to);
  return all;
};
