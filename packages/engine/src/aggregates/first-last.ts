import type { EventContext } from "../event-context.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** A value and where it stands in the order of events. */
export type PositionedValue = [time: number, tabId: string, seq: number, value: string | number];

/** A kept value of an event with its place; `undefined` when there is none to keep. */
export const positioned = (value: unknown, { time, tab_id, seq }: EventContext): PositionedValue | undefined => {
  const kept = storable(value);
  return kept === undefined ? undefined : [time, tab_id, seq, kept];
};

/** Total order of events, negative for one before another: by event time; those of the same time by tab, then by number. */
const order = (time: number, tabId: string, seq: number, other: PositionedValue): number => {
  if (time !== other[0]) return time - other[0];
  if (tabId !== other[1]) return tabId < other[1] ? -1 : 1;
  return seq - other[2];
};

/** Whether a value's event is before another's. */
export const isBefore = (a: PositionedValue, b: PositionedValue): boolean => order(a[0], a[1], a[2], b) < 0;

/** @param side -1 for the value of the earliest event, 1 for that of the latest. */
const end = (side: -1 | 1): AggregateKind<PositionedValue | null> => ({
  emptyPartial: () => null,
  add(state, value, event) {
    // Most events change nothing, or only what is there: nothing is made for those.
    if (state === null) return positioned(value, event) ?? null;
    const { time, tab_id, seq } = event;
    if (side * order(time, tab_id, seq, state) <= 0) return state;
    const kept = storable(value);
    if (kept === undefined) return state;
    state[0] = time;
    state[1] = tab_id;
    state[2] = seq;
    state[3] = kept;
    return state;
  },
  mergeInto(a, b) {
    if (b === null || (a !== null && side * order(b[0], b[1], b[2], a) <= 0)) return a;
    return [...b];
  },
  result: (state) => state?.[3] ?? null,
});

/** The field's value in the earliest event. `null` for none. */
export const first = end(-1);

/** The field's value in the latest event. `null` for none. */
export const last = end(1);
