import { type AggregateKind, keepable, type Occurrence } from "./aggregate.ts";

/** A value and where it stands in the order of events. */
export type Placed = [time: number, tabId: string, seq: number, value: string | number];

/** A kept value of an event with its place; `undefined` when there is none to keep. */
export const placed = (value: unknown, { time, tab_id, seq }: Occurrence): Placed | undefined => {
  const kept = keepable(value);
  return kept === undefined ? undefined : [time, tab_id, seq, kept];
};

/** Total order of events: by event time; those of the same time by tab, then by number. */
export const isBefore = (a: Placed, b: Placed): boolean =>
  a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2];

const end = (wins: (challenger: Placed, holder: Placed) => boolean): AggregateKind<Placed | null> => {
  const merge = (a: Placed | null, b: Placed | null) => (a === null ? b : b === null ? a : wins(b, a) ? b : a);
  return {
    zero: () => null,
    add: (state, value, event) => merge(state, placed(value, event) ?? null),
    merge,
    result: (state) => state?.[3] ?? null,
  };
};

/** The field's value in the earliest event. `null` for none. */
export const first = end(isBefore);

/** The field's value in the latest event. `null` for none. */
export const last = end((challenger, holder) => isBefore(holder, challenger));
