import type { Dropped, Event } from "@tidemark/schema";
import type { TrackerEventMap } from "../events/tracker-events.ts";

/** How far an event has come. The last three are final, but that a dropped one may turn out to have arrived. */
export const eventStates = ["captured", "sent", "acknowledged", "rejected", "dropped"] as const;

/** See {@link eventStates}. */
export type EventState = (typeof eventStates)[number];

/** An event and what became of it. */
export interface EventEntry {
  readonly event: Event;
  readonly tab_id: string;
  state: EventState;
  /** How often it was sent. */
  sendings: number;
  /** Why it was rejected or dropped, in words. */
  reason?: string | undefined;
}

/** How many events came how far. All were captured; what was answered was also sent. */
export type Totals = Record<EventState, number>;

/** What a tracker's events went through, told by its happenings. Pure. */
export interface EventLog {
  captured(event: TrackerEventMap["event"]): void;
  sent(batch: TrackerEventMap["sent"]): void;
  acknowledged(answer: TrackerEventMap["acknowledged"]): void;
  deliveryProblem(why: TrackerEventMap["delivery_problem"]): void;
  /** The latest events, and all that are not settled yet, in the order in which they became known. */
  entries(): Iterable<EventEntry>;
  /** Counts all events, those that are forgotten too. */
  readonly totals: Readonly<Totals>;
}

/** Most events that are kept after they are settled. */
export const MAX_ENTRIES = 200;

const DROPPED: Record<Dropped["reason"], string> = {
  overflow: "Too many batches waited, and this was in the oldest.",
  expired: "It waited for a week.",
  refused: "The collector refused the whole batch: the browser's console says why.",
};

const isSettled = ({ state }: EventEntry): boolean => state !== "captured" && state !== "sent";

/** A journal that tells of each entry that is new or changed. Events from before it began become known when they are sent. */
export const createEventLog = (changed: (entry: EventEntry) => void): EventLog => {
  const entries = new Map<string, EventEntry>();
  const totals: Totals = { captured: 0, sent: 0, acknowledged: 0, rejected: 0, dropped: 0 };
  /** What was sent last: a page that is visible sends one batch after the other. */
  let latest: TrackerEventMap["sent"] | undefined;

  const entryOf = (event: Event, tab_id: string): EventEntry => {
    const id = `${tab_id} ${event.seq}`;
    const known = entries.get(id);
    if (known) return known;
    const entry: EventEntry = { event, tab_id, state: "captured", sendings: 0 };
    entries.set(id, entry);
    totals.captured += 1;
    return entry;
  };

  const noteSending = (entry: EventEntry) => {
    if (!entry.sendings) totals.sent += 1;
    entry.sendings += 1;
  };

  const settle = (entry: EventEntry, state: "acknowledged" | "rejected" | "dropped", reason?: string) => {
    if (isSettled(entry)) totals[entry.state] -= 1;
    totals[state] += 1;
    entry.state = state;
    entry.reason = reason;
    changed(entry);
  };

  const drop = (entry: EventEntry, reason: Dropped["reason"]) => {
    if (!isSettled(entry)) settle(entry, "dropped", DROPPED[reason]);
  };

  const forget = () => {
    let surplus = entries.size - MAX_ENTRIES;
    for (const [id, entry] of entries) {
      if (surplus <= 0) break;
      if (isSettled(entry) && entries.delete(id)) surplus -= 1;
    }
  };

  return {
    captured({ tab_id, ...event }) {
      changed(entryOf(event, tab_id));
    },
    sent(batch) {
      latest = batch;
      const { tab_id, events, dropped = [] } = batch;
      for (const event of events) {
        const entry = entryOf(event, tab_id);
        noteSending(entry);
        if (!isSettled(entry)) entry.state = "sent";
        changed(entry);
      }
      for (const { from_seq, to_seq, reason } of dropped)
        for (const entry of entries.values())
          if (entry.tab_id === tab_id && entry.event.seq >= from_seq && entry.event.seq <= to_seq) drop(entry, reason);
      forget();
    },
    acknowledged({ tab_id, events, rejected }) {
      const reasons = new Map(rejected.map(({ index, code, message }) => [index, `${message} (${code})`]));
      for (const [index, event] of events.entries()) {
        const entry = entryOf(event, tab_id);
        if (!entry.sendings) noteSending(entry);
        const reason = reasons.get(index);
        settle(entry, reason === undefined ? "acknowledged" : "rejected", reason);
      }
      forget();
    },
    deliveryProblem(why) {
      if (why === "refused" && latest)
        for (const event of latest.events) drop(entryOf(event, latest.tab_id), "refused");
    },
    entries: () => entries.values(),
    totals,
  };
};
