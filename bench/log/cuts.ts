import type { LoggedEvent } from "@tidemark/engine";
import type { LogRecord } from "@tidemark/schema/log";
import type { Cut } from "../../packages/collector/src/log/cut.ts";
import { sessionEvents } from "../../packages/engine/test/session-events.ts";

/** Number of events in one cut. */
export const CUT_EVENTS = 20_000;

/** Number of events of each session in one cut. */
const EVENTS_OF_SESSION = 10;

/** Number of successive cuts that have events of the same sessions: a session has 100 events. */
const CUTS_OF_SESSION = 10;

const BEGIN = Date.UTC(2026, 10, 29, 9);

/** Time from the first event of some sessions to that of the next ones. */
const STEP_MS = 75_000;

/**
 * Generates successive cuts of a busy partition, as the collector reads them: parsed from text, in order of arrival. 2,000
 * sessions have events at any time.
 */
export function* cutsOf(count: number): Generator<Cut> {
  const sessions = CUT_EVENTS / EVENTS_OF_SESSION;
  let active: Generator<LoggedEvent, never>[] = [];
  for (let cut = 0; cut < count; cut += 1) {
    const round = cut % CUTS_OF_SESSION;
    const group = Math.floor(cut / CUTS_OF_SESSION);
    if (round === 0) {
      active = Array.from({ length: sessions }, (_, session) =>
        sessionEvents(group * sessions + session + 1, BEGIN + group * STEP_MS),
      );
    }
    const first_offset = cut * CUT_EVENTS + 1;
    const arrived = active
      .flatMap((events) =>
        Array.from({ length: EVENTS_OF_SESSION }, (_, index) => ({
          event: events.next().value,
          arrival: round * EVENTS_OF_SESSION + index + 1,
        })),
      )
      .sort((a, b) => a.event.time - b.event.time);
    const records = arrived.map(
      ({ event, arrival }, index): LogRecord => ({
        kind: "event",
        site: "shop",
        partition: 0,
        offset: first_offset + index,
        arrival,
        received_at: event.time + 40,
        v: 1,
        event,
      }),
    );
    yield {
      site: "shop",
      partition: 0,
      first_offset,
      last_offset: cut * CUT_EVENTS + records.length,
      records: records.map((record): LogRecord => JSON.parse(JSON.stringify(record))),
    };
  }
}
