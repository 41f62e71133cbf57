import type { AggregateKind } from "./aggregate.ts";

/** Relative accuracy: a result is off by at most this share of the true value. */
const ACCURACY = 0.02;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);

/** Values nearer to zero than this are zero. */
const SMALLEST = 1e-6;

/** Makes the bin of the smallest value 1, so that a bin's sign can be that of its values. */
const OFFSET = 1 - Math.ceil(Math.log(SMALLEST) / LOG_GAMMA);

/** Most bins: they span a factor of 700 million. What lies below them counts as the lowest. */
const MAX_BINS = 512;

/** How many values fell into each bin; both lists in the order of the bins, which is that of the values. */
type Histogram = [bins: number[], counts: number[]];

const binOf = (value: number): number => {
  const size = Math.abs(value);
  return size < SMALLEST ? 0 : Math.sign(value) * (Math.ceil(Math.log(size) / LOG_GAMMA) + OFFSET);
};

/** The value whose relative distance to both ends of the bin is the same. */
const centreOf = (bin: number): number =>
  bin === 0 ? 0 : (Math.sign(bin) * 2 * GAMMA ** (Math.abs(bin) - OFFSET)) / (GAMMA + 1);

/** By hand: lists are short, and splice makes a new one to tell what it removed. */
const insertAt = (list: number[], place: number, value: number): void => {
  for (let index = list.push(value) - 1; index > place; index -= 1) list[index] = list[index - 1] as number;
  list[place] = value;
};

const include = ([bins, counts]: Histogram, bin: number, count: number): void => {
  let low = 0;
  let high = bins.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bins[middle] as number) < bin) low = middle + 1;
    else high = middle;
  }
  if (bins[low] === bin) {
    counts[low] = (counts[low] as number) + count;
    return;
  }
  insertAt(bins, low, bin);
  insertAt(counts, low, count);
  if (bins.length <= MAX_BINS) return;
  bins.shift();
  const lowest = counts.shift() ?? 0;
  counts[0] = (counts[0] ?? 0) + lowest;
};

/**
 * The value at rank `q * (n - 1)`, rounded down, of the values in ascending order: DDSketch (Masson, Rim and Lee, "DDSketch: a
 * fast and fully-mergeable quantile sketch with relative-error guarantees", 2019) with logarithmic bins, within 2 % of the true
 * value. The same state in whatever order values come and parts are merged. `null` for none.
 */
export const quantile = ({ q }: { q: number }): AggregateKind<Histogram> => ({
  emptyPartial: () => [[], []],
  add(state, value) {
    if (typeof value === "number") include(state, binOf(value), 1);
    return state;
  },
  mergeInto(a, b) {
    b[0].forEach((bin, place) => {
      include(a, bin, b[1][place] as number);
    });
    return a;
  },
  result([bins, counts]) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    let above = Math.floor(q * (total - 1));
    const place = counts.findIndex((count) => {
      above -= count;
      return above < 0;
    });
    return total === 0 ? null : centreOf(bins[place] as number);
  },
});
