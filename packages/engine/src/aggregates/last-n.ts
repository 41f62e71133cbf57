import type { AggregateKind } from "./aggregate.ts";
import { isBefore, type PositionedValue, positioned } from "./first-last.ts";

/** Values of the field in the latest `n` events that have it, the latest one last. Empty for no values. */
export const lastN = ({ n }: { n: number }): AggregateKind<PositionedValue[]> => ({
  emptyPartial: () => [],
  add(partial, value, event) {
    const entry = positioned(value, event);
    if (!entry) return partial;
    const position = partial.findLastIndex((other) => isBefore(other, entry)) + 1;
    partial.splice(position, 0, entry);
    if (partial.length > n) partial.shift();
    return partial;
  },
  mergeInto: (a, b) => [...a, ...b].sort((one, other) => (isBefore(one, other) ? -1 : 1)).slice(-n),
  result: (partial) => partial.map(([, , , value]) => value),
});
