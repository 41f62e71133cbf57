import type { AggregateKind } from "./aggregate.ts";

/** Relative accuracy: the largest error of a result, as a share of the true value. */
const ACCURACY = 0.02;
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY);
const LOG_GAMMA = Math.log(GAMMA);

/** Values closer to zero than this count as zero. */
const SMALLEST = 1e-6;

/** Offset that gives the smallest value the bin 1, so that a bin has the same sign as its values. */
const OFFSET = 1 - Math.ceil(Math.log(SMALLEST) / LOG_GAMMA);

/** Largest number of bins: they span a factor of 700 million. Values below them count in the lowest bin. */
const MAX_BINS = 512;

/** The number of values in each bin. Both lists are in ascending order of the bins, and so of the values. */
type Histogram = [bins: number[], counts: number[]];

const binOf = (value: number): number => {
  const size = Math.abs(value);
  return size < SMALLEST ? 0 : Math.sign(value) * (Math.ceil(Math.log(size) / LOG_GAMMA) + OFFSET);
};

/** The value that is at the same relative distance from both ends of a bin. */
const centreOf = (bin: number): number =>
  bin === 0 ? 0 : (Math.sign(bin) * 2 * GAMMA ** (Math.abs(bin) - OFFSET)) / (GAMMA + 1);

/** Inserts a value without `splice`, which allocates a list of removed items. */
const insertAt = (list: number[], position: number, value: number): void => {
  for (let index = list.push(value) - 1; index > position; index -= 1) list[index] = list[index - 1] as number;
  list[position] = value;
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
 * The value at rank `q * (n - 1)`, rounded down, of a field's values in ascending order, within 2 % of the true value.
 * `null` for no values. The sketch is DDSketch with logarithmic bins (Masson, Rim and Lee, "DDSketch: a fast and
 * fully-mergeable quantile sketch with relative-error guarantees", 2019). The order of values and merges does not
 * change the partial result.
 */
export const quantile = ({ q }: { q: number }): AggregateKind<Histogram> => ({
  emptyPartial: () => [[], []],
  add(partial, value) {
    if (typeof value === "number") include(partial, binOf(value), 1);
    return partial;
  },
  mergeInto(a, b) {
    b[0].forEach((bin, position) => {
      include(a, bin, b[1][position] as number);
    });
    return a;
  },
  result([bins, counts]) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    let remaining = Math.floor(q * (total - 1));
    const position = counts.findIndex((count) => {
      remaining -= count;
      return remaining < 0;
    });
    return total === 0 ? null : centreOf(bins[position] as number);
  },
});
