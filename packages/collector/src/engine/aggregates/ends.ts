import type { AggregateKind, Occurrence } from "./aggregate.ts";

type Value = string | number;
type End = [time: number, tabId: string, seq: number, value: Value] | null;

/** Total order of a session's events: by event time; those of the same time by tab, then by number. */
const isBefore = (a: NonNullable<End>, b: NonNullable<End>): boolean =>
  a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2];

const end = (wins: (challenger: NonNullable<End>, holder: NonNullable<End>) => boolean): AggregateKind<End> => {
  const merge = (a: End, b: End): End => (a === null ? b : b === null ? a : wins(b, a) ? b : a);
  return {
    zero: () => null,
    add: (state, value, { time, tab_id, seq }: Occurrence) =>
      typeof value === "string" || typeof value === "number" ? merge(state, [time, tab_id, seq, value]) : state,
    merge,
    result: (state) => state?.[3] ?? null,
  };
};

/** The field's value in the earliest event by event time. `null` for none. */
export const first = end(isBefore);

/** The field's value in the latest event by event time. `null` for none. */
export const last = end((challenger, holder) => isBefore(holder, challenger));
