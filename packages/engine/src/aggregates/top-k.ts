import { textPrecedes } from "../text.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** Counters kept: a value's count is short by at most a 65th of all. */
const COUNTERS = 64;

type Counter = [value: string | number, count: number];

/** Order of values that are equally frequent: numbers, then texts, each ascending. */
const precedes = (a: string | number, b: string | number): boolean =>
  typeof a === "number" ? typeof b === "string" || a < b : typeof b === "string" && textPrecedes(a, b);

const byFrequency = (a: Counter, b: Counter): number => b[1] - a[1] || (precedes(a[0], b[0]) ? -1 : 1);

/** Counts a value; takes one off all counters when there is none left for it, and drops those at zero. */
const include = (state: Counter[], value: string | number): Counter[] => {
  const known = state.find((counter) => counter[0] === value);
  if (known) known[1] += 1;
  else if (state.length < COUNTERS) state.push([value, 1]);
  else {
    for (const counter of state) counter[1] -= 1;
    return state.filter((counter) => counter[1] > 0);
  }
  return state;
};

/**
 * The `k` most frequent values of a field, most frequent first. Exact while there are at most 64 different ones; beyond that
 * Misra and Gries' counters ("Finding repeated elements", 1982), merged as in Agarwal and others, "Mergeable summaries" (2012):
 * no count is too large, none is short by more than a 65th of all, so that any value more frequent than that is kept.
 */
export const topK = ({ k }: { k: number }): AggregateKind<Counter[]> => ({
  emptyPartial: () => [],
  add(state, value) {
    const kept = storable(value);
    return kept === undefined ? state : include(state, kept);
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
  result: (state) =>
    state
      .toSorted(byFrequency)
      .slice(0, k)
      .map(([value]) => value),
});
