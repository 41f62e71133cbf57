import type { Dropped, Event } from "@tidemark/schema";
import type { TrackerEventMap } from "../events/tracker-events.ts";
import { Map } from "../platform.ts";

/** The states of an event, in order. The last three are final, except that a dropped event may prove to be acknowledged. */
export const eventStates = ["captured", "sent", "acknowledged", "rejected", "dropped"] as const;

/** One of {@link eventStates}. */
export type EventState = (typeof eventStates)[number];

/** An event and its state. */
export interface EventEntry {
  readonly event: Event;
  readonly tab_id: string;
  state: EventState;
  /** The number of times that the event was sent. */
  sendings: number;
  /** The reason of a rejected or dropped event, as a message. */
  reason?: string | undefined;
}

/** Numbers of events. `captured` counts every event, and `sent` every event that was sent at least once. */
export type Totals = Record<EventState, number>;

/** A log of the states of a tracker's events, fed by the tracker's own events. Pure. */
export interface EventLog {
  captured(event: TrackerEventMap["event"]): void;
  sent(batch: TrackerEventMap["sent"]): void;
  acknowledged(response: TrackerEventMap["acknowledged"]): void;
  rejected(batch: TrackerEventMap["rejected"]): void;
  /** The latest events, and all events without a final state, in the order in which the log received them. */
  entries(): Iterable<EventEntry>;
  /** Counts all events, removed ones too. */
  readonly totals: Readonly<Totals>;
}

/** Maximum number of entries. Beyond it, the oldest entries with a final state are removed. */
export const MAX_ENTRIES = 200;

const DROPPED: Record<Dropped["reason"], string> = {
  overflow: "Too many batches waited for delivery, and the event was in the oldest.",
  expired: "The event waited for a week.",
  refused: "The collector rejected the whole batch.",
};

const isFinal = ({ state }: EventEntry): boolean => state !== "captured" && state !== "sent";

/** Creates an empty log. It calls `changed` with each new or changed entry. It learns of earlier events when they are sent. */
export const createEventLog = (changed: (entry: EventEntry) => void): EventLog => {
  const entries = new Map<string, EventEntry>();
  const totals: Totals = { captured: 0, sent: 0, acknowledged: 0, rejected: 0, dropped: 0 };

  const entryOf = (event: Event, tab_id: string): EventEntry => {
    const id = `${tab_id} ${event.seq}`;
    const known = entries.get(id);
    if (known) return known;
    const entry: EventEntry = { event, tab_id, state: "captured", sendings: 0 };
    entries.set(id, entry);
    totals.captured += 1;
    return entry;
  };

  const countSending = (entry: EventEntry) => {
    if (!entry.sendings) totals.sent += 1;
    entry.sendings += 1;
  };

  const finish = (entry: EventEntry, state: "acknowledged" | "rejected" | "dropped", reason?: string) => {
    if (isFinal(entry)) totals[entry.state] -= 1;
    totals[state] += 1;
    entry.state = state;
    entry.reason = reason;
    changed(entry);
  };

  const drop = (entry: EventEntry, reason: Dropped["reason"]) => {
    if (!isFinal(entry)) finish(entry, "dropped", DROPPED[reason]);
  };

  const removeSurplus = () => {
    let surplus = entries.size - MAX_ENTRIES;
    for (const [id, entry] of entries) {
      if (surplus <= 0) break;
      if (isFinal(entry) && entries.delete(id)) surplus -= 1;
    }
  };

  return {
    captured({ tab_id, ...event }) {
      changed(entryOf(event, tab_id));
    },
    sent(batch) {
      const { tab_id, events, dropped = [] } = batch;
      for (const event of events) {
        const entry = entryOf(event, tab_id);
        countSending(entry);
        if (!isFinal(entry)) entry.state = "sent";
        changed(entry);
      }
      for (const { from_seq, to_seq, reason } of dropped)
        for (const entry of entries.values())
          if (entry.tab_id === tab_id && entry.event.seq >= from_seq && entry.event.seq <= to_seq) drop(entry, reason);
      removeSurplus();
    },
    acknowledged({ tab_id, events, rejected }) {
      const reasons = new Map(rejected.map(({ index, code, message }) => [index, `${message} (${code})`]));
      for (const [index, event] of events.entries()) {
        const entry = entryOf(event, tab_id);
        if (!entry.sendings) countSending(entry);
        const reason = reasons.get(index);
        finish(entry, reason === undefined ? "acknowledged" : "rejected", reason);
      }
      removeSurplus();
    },
    rejected({ tab_id, events, code, message }) {
      for (const event of events) {
        const entry = entryOf(event, tab_id);
        if (!isFinal(entry)) finish(entry, "dropped", `The collector rejected the whole batch: ${message} (${code})`);
      }
    },
    entries: () => entries.values(),
    totals,
  };
};
