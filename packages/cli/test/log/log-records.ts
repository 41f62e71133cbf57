import { versionOf } from "@tidemark/collector/definition-version";
import { entityEngine, type LoggedEvent } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import { firstSessionEvents } from "../../../engine/test/session-events.ts";

/** A record that a test can make wrong. */
export interface TestRecord {
  kind: string;
  site: string;
  partition: number;
  offset: number;
  arrival: number;
  received_at: number;
  v: number;
  [field: string]: unknown;
}

export const HOUR_MS = 3_600_000;

/** Begin of the first generated session: 2026-11-29 at 08:50 UTC, so that the records of a log are in several hours. */
export const BEGIN = Date.UTC(2026, 10, 29, 8, 50);

/** Options of {@link logOf}. */
interface LogOptions {
  features: readonly Feature[];
  /** Number of sessions. Default: 6. */
  sessions?: number;
  /** Events of each session. Default: 60. */
  events?: number;
  /** Number of partitions. Default: 2. */
  partitions?: number;
  /** Time between the begins of two sessions, in milliseconds. Default: 20 minutes. */
  every?: number;
  /** Begin of the first session. Default: {@link BEGIN}. */
  begin?: number;
}

/** A vector as a session stores it when it closes. */
export const vectorOf = (events: readonly LoggedEvent[], features: readonly Feature[], closed_at: number) => {
  const { engine } = entityEngine("session", features);
  const state = engine.emptyState();
  for (const event of events) engine.fold(state, event, event);
  const { session_id, anonymous_id } = events[0] as LoggedEvent;
  return {
    ...{ session_id, anonymous_id, entity: "session", id: session_id, version: 1, closed_at },
    ...{ event_time: state.event_time, definition_version: versionOf(features), late: state.late },
    too_late: state.too_late,
    delivery: { received: events.length, duplicates: 0, rejected: 0, dropped: 0, missing: 0 },
    features: engine.vector(state, state.event_time as number),
  };
};

/**
 * Generates the log of a site. Sessions begin every 20 minutes, with offsets as if they were parallel. Each has its events
 * in order of arrival, and then its closing vector. Every third session has an identified user and stated consent.
 */
export const logOf = ({
  features,
  sessions = 6,
  events = 60,
  partitions = 2,
  begin = BEGIN,
  every = HOUR_MS / 3,
}: LogOptions): TestRecord[] => {
  const records: TestRecord[] = [];
  const offsets = new Array<number>(partitions).fill(0);
  const add = (session: number, arrival: number, received_at: number, content: object) => {
    const partition = session % partitions;
    // Offsets increase, and have gaps.
    offsets[partition] = (offsets[partition] as number) + 1 + (arrival % 7 === 0 ? 3 : 0);
    const common = { site: "shop", partition, offset: offsets[partition] as number, arrival, received_at, v: 1 };
    records.push({ ...common, ...content } as TestRecord);
  };
  const all = Array.from({ length: sessions }, (_, session) =>
    firstSessionEvents(events, session + 1, begin + session * every).map(
      (event): LoggedEvent =>
        session % 3 === 0
          ? {
              ...event,
              user_id: `user-${session % 2}`,
              consent: { measurement: "granted", personalisation: "granted" },
            }
          : event,
    ),
  );
  for (let index = 0; index < events; index += 1)
    all.forEach((own, session) => {
      const event = own[index] as LoggedEvent;
      add(session, index + 1, event.time + 700, { kind: "event", event });
    });
  all.forEach((own, session) => {
    const closed_at = (own.at(-1) as LoggedEvent).time + HOUR_MS / 2;
    add(session, events + 1, closed_at, { kind: "vector", ...vectorOf(own, features, closed_at) });
  });
  return records;
};

/** The events of records, in their order. */
export const eventsOf = (records: readonly TestRecord[]): LoggedEvent[] =>
  records.filter(({ kind }) => kind === "event").map(({ event }) => event as LoggedEvent);
