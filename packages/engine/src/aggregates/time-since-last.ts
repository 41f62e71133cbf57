import type { AggregateKind } from "./aggregate.ts";

type Time = number | null;

const later = (a: Time, b: Time): Time => (a === null ? b : b === null ? a : Math.max(a, b));

/** Milliseconds from the latest event to the moment of reading. `null` for none. */
export const timeSinceLast: AggregateKind<Time> = {
  emptyPartial: () => null,
  add: (state, _, { time }) => later(state, time),
  mergeInto: later,
  result: (state, { at }) => (state === null ? null : at - state),
};
