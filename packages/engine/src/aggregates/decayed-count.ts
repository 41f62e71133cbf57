import type { AggregateKind } from "./aggregate.ts";

/** The time of the latest event, and the total weight of all events at that time. */
type DecayedTotal = [time: number, weight: number] | null;

/**
 * Number of events, each with the weight `0.5 ** (age / half_life_ms)` at the read time. Zero for no events. Sums are
 * floating-point: the order of events and merges changes the result by a relative 1e-9 at most.
 */
export const decayedCount = ({ half_life_ms }: { half_life_ms: number }): AggregateKind<DecayedTotal> => {
  const decayed = (weight: number, ms: number) => weight * 0.5 ** (ms / half_life_ms);
  const addWeight = (a: DecayedTotal, time: number, weight: number): DecayedTotal => {
    if (a === null) return [time, weight];
    if (a[0] < time) {
      a[1] = decayed(a[1], time - a[0]) + weight;
      a[0] = time;
    } else a[1] += decayed(weight, a[0] - time);
    return a;
  };
  return {
    emptyPartial: () => null,
    add: (partial, _, { time }) => addWeight(partial, time, 1),
    mergeInto: (a, b) => (b === null ? a : addWeight(a, b[0], b[1])),
    result: (partial, { at }) => (partial === null ? 0 : decayed(partial[1], at - partial[0])),
  };
};
