import { hashOf } from "../hash.ts";
import { textPrecedes } from "../text.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** Number of counters. The count of a value is too small by at most a 65th of all values. */
const COUNTERS = 64;

/** The count of a value as it is stored. A truncated text has the hash of the whole text, which other texts lack. */
type Counter = [value: string | number, count: number, hash?: number];

/** Order of values with equal counts: numbers, then texts, both ascending. */
const precedes = (a: string | number, b: string | number): boolean =>
  typeof a === "number" ? typeof b === "string" || a < b : typeof b === "string" && textPrecedes(a, b);

const byFrequency = (a: Counter, b: Counter): number => b[1] - a[1] || (precedes(a[0], b[0]) ? -1 : 1);

const find = (partial: Counter[], value: string | number, hash: number | undefined): Counter | undefined =>
  partial.find((counter) => counter[0] === value && counter[2] === hash);

/** Counts a value. When no counter is free for it, decrements all counters and removes those at zero. */
const include = (partial: Counter[], value: string | number, hash: number | undefined): Counter[] => {
  const known = find(partial, value, hash);
  if (known) known[1] += 1;
  else if (partial.length < COUNTERS) partial.push(hash === undefined ? [value, 1] : [value, 1, hash]);
  else {
    for (const counter of partial) counter[1] -= 1;
    return partial.filter((counter) => counter[1] > 0);
  }
  return partial;
};

/**
 * The `k` most frequent values of a field, the most frequent one first. Exact up to 64 different values.
 *
 * Beyond that, the counters of Misra and Gries ("Finding repeated elements", 1982) count, merged as in Agarwal and
 * others ("Mergeable summaries", 2012). No count is too large, and none is too small by more than a 65th of all values.
 * Every value that is more frequent than that has a counter. Beyond 64 different values the result can have fewer than
 * `k` values, or none, when all are rare.
 */
export const topK = ({ k }: { k: number }): AggregateKind<Counter[]> => ({
  emptyPartial: () => [],
  add(partial, value) {
    const stored = storable(value);
    if (stored === undefined) return partial;
    const isTruncated = typeof value === "string" && value !== stored;
    return include(partial, stored, isTruncated ? hashOf(value) : undefined);
  },
  mergeInto(a, b) {
    for (const counter of b) {
      const [value, count, hash] = counter;
      const known = find(a, value, hash);
      if (known) known[1] += count;
      else a.push([...counter]);
    }
    if (a.length <= COUNTERS) return a;
    const surplus = a.sort(byFrequency)[COUNTERS]?.[1] ?? 0;
    for (const counter of a) counter[1] -= surplus;
    return a.filter(([, count]) => count > 0);
  },
  result: (partial) =>
    partial
      .toSorted(byFrequency)
      .slice(0, k)
      .map(([value]) => value),
});
