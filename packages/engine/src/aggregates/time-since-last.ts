import type { AggregateKind } from "./aggregate.ts";

type Time = number | null;

const later = (a: Time, b: Time): Time => (a === null ? b : b === null ? a : Math.max(a, b));

/** Milliseconds from the latest event to the read time. `null` for no events. */
export const timeSinceLast: AggregateKind<Time> = {
  emptyPartial: () => null,
  add: (partial, _, { time }) => later(partial, time),
  mergeInto: later,
  result: (partial, { at }) => (partial === null ? null : at - partial),
};
