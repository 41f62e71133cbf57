import type { AggregateKind } from "./aggregate.ts";

/** What the events are worth at the time of the latest one. */
type Worth = [time: number, worth: number] | null;

/**
 * Number of events, each worth `0.5 ** (age / half_life_ms)` at the moment of reading. Floating-point: parts merge in any order
 * to within a relative 1e-9. Zero for none.
 */
export const decayedCount = ({ half_life_ms }: { half_life_ms: number }): AggregateKind<Worth> => {
  const after = (worth: number, ms: number) => worth * 0.5 ** (ms / half_life_ms);
  const both = (a: Worth, time: number, worth: number): Worth => {
    if (a === null) return [time, worth];
    if (a[0] < time) {
      a[1] = after(a[1], time - a[0]) + worth;
      a[0] = time;
    } else a[1] += after(worth, a[0] - time);
    return a;
  };
  return {
    emptyPartial: () => null,
    add: (state, _, { time }) => both(state, time, 1),
    mergeInto: (a, b) => (b === null ? a : both(a, b[0], b[1])),
    result: (state, { at }) => (state === null ? 0 : after(state[1], at - state[0])),
  };
};
