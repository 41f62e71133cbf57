import { textPrecedes } from "../text.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** Number of counters. The count of a value is too small by at most a 65th of all values. */
const COUNTERS = 64;

type Counter = [value: string | number, count: number];

/** Order of values with equal counts: numbers, then texts, both ascending. */
const precedes = (a: string | number, b: string | number): boolean =>
  typeof a === "number" ? typeof b === "string" || a < b : typeof b === "string" && textPrecedes(a, b);

const byFrequency = (a: Counter, b: Counter): number => b[1] - a[1] || (precedes(a[0], b[0]) ? -1 : 1);

/** Counts a value. When no counter is free for it, decrements all counters and removes those at zero. */
const include = (partial: Counter[], value: string | number): Counter[] => {
  const known = partial.find((counter) => counter[0] === value);
  if (known) known[1] += 1;
  else if (partial.length < COUNTERS) partial.push([value, 1]);
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
    return stored === undefined ? partial : include(partial, stored);
  },
  mergeInto(a, b) {
    for (const [value, count] of b) {
      const known = a.find((counter) => counter[0] === value);
      if (known) known[1] += count;
      else a.push([value, count]);
    }
    if (a.length <= COUNTERS) return a;
    const surplus = a.sort(byFrequency)[COUNTERS]?.[1] ?? 0;
    return a.map(([value, count]): Counter => [value, count - surplus]).filter(([, count]) => count > 0);
  },
  result: (partial) =>
    partial
      .toSorted(byFrequency)
      .slice(0, k)
      .map(([value]) => value),
});
