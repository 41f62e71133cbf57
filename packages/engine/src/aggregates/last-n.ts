import type { AggregateKind } from "./aggregate.ts";
import { isBefore, type PositionedValue, positioned } from "./first-last.ts";

/** The field's values in the latest `n` events, latest last. Empty for none. */
export const lastN = ({ n }: { n: number }): AggregateKind<PositionedValue[]> => ({
  emptyPartial: () => [],
  add(state, value, event) {
    const entry = positioned(value, event);
    if (!entry) return state;
    const after = state.findLastIndex((other) => isBefore(other, entry)) + 1;
    state.splice(after, 0, entry);
    if (state.length > n) state.shift();
    return state;
  },
  mergeInto: (a, b) => [...a, ...b].sort((one, other) => (isBefore(one, other) ? -1 : 1)).slice(-n),
  result: (state) => state.map(([, , , value]) => value),
});
