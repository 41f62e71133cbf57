import type { EventContext } from "../event-context.ts";
import { type AggregateKind, storable } from "./aggregate.ts";

/** A value with the position of its event in the order of events. */
export type PositionedValue = [time: number, tabId: string, seq: number, value: string | number];

/** Returns a value with the position of its event; `undefined` when the value is neither a text nor a number. */
export const positioned = (value: unknown, { time, tab_id, seq }: EventContext): PositionedValue | undefined => {
  const stored = storable(value);
  return stored === undefined ? undefined : [time, tab_id, seq, stored];
};

/**
 * Compares two events by event time, then by tab, then by number in the tab. Negative when the first one is earlier.
 */
const order = (time: number, tabId: string, seq: number, other: PositionedValue | EndValue): number => {
  if (time !== other[0]) return time - other[0];
  if (tabId !== other[1]) return tabId < other[1] ? -1 : 1;
  return seq - other[2];
};

/** Whether the event of a value is earlier than that of another. */
export const isBefore = (a: PositionedValue, b: PositionedValue): boolean => order(a[0], a[1], a[2], b) < 0;

/** The value is `null` when the event lacks the field, and such events count. */
type EndValue = [time: number, tabId: string, seq: number, value: string | number | null];

/**
 * Creates the function that creates the kind. Value of the field in the earliest or the latest event. `null` for no
 * values. Events without the field are skipped, unless `absent` is `"null"`.
 */
export const endOf =
  (end: "first" | "last") =>
  ({ absent }: { absent?: "null" }): AggregateKind<EndValue | null> => {
    const side = end === "first" ? -1 : 1;
    const ofAbsent = absent === "null" ? null : undefined;
    return {
      emptyPartial: () => null,
      add(partial, value, { time, tab_id, seq }) {
        // Most events change nothing, or only the elements of the array: for these, the call allocates nothing.
        if (partial !== null && side * order(time, tab_id, seq, partial) <= 0) return partial;
        const stored = storable(value) ?? ofAbsent;
        if (stored === undefined) return partial;
        if (partial === null) return [time, tab_id, seq, stored];
        partial[0] = time;
        partial[1] = tab_id;
        partial[2] = seq;
        partial[3] = stored;
        return partial;
      },
      mergeInto(a, b) {
        if (b === null || (a !== null && side * order(b[0], b[1], b[2], a) <= 0)) return a;
        return [...b];
      },
      result: (partial) => partial?.[3] ?? null,
    };
  };
