import type { Event } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import { packEvents, packRecord, packVector, type UnplacedPayload } from "../records/packed-records.ts";
import type { SessionBatch } from "./batch.ts";
import { collectingPush } from "./pushes.ts";
import type { StoredSession } from "./row.ts";
import { addUnsent } from "./unsent.ts";

/** The events of a batch that its session accepted, in this order. */
export interface Accepted {
  events: Event[];
  /** Their corrected times. */
  times: number[];
  /** The user of the last one. */
  user_id: string | undefined;
}

/** The id in records without consent to personalisation. It is random, and stored nowhere but in the session. */
const pseudonymOf = (stored: StoredSession): string => {
  stored.pseudonym ??= crypto.randomUUID();
  return stored.pseudonym;
};

/**
 * Adds the accepted events of a batch to the records that the session sends to its partition. Without consent to
 * personalisation a record has a pseudonym instead of the anonymous id, and no user id; the collector accepts no
 * identification then.
 *
 * @param received All events of the batch. Nothing of an event that was not accepted is recorded.
 */
export const recordEvents = (
  stored: StoredSession,
  batch: SessionBatch,
  envelope: StoredEnvelope,
  received: readonly unknown[],
  { events, times, user_id }: Accepted,
): void => {
  if (events.length === 0) return;
  const { n: push } = collectingPush(stored.push_queue);
  const isNamed = isPersonal(envelope.consent);
  const anonymous_id = isNamed ? batch.anonymous_id : pseudonymOf(stored);
  const isAsReceived = batch.events.startsWith("[") && received.every((event, index) => event === events[index]);
  const text = {
    envelope: isNamed ? batch.envelope : JSON.stringify({ ...envelope, anonymous_id, user_id: undefined }),
    events: isAsReceived ? batch.events : JSON.stringify(events),
  };
  const place = { push, arrival: stored.arrivals + 1, received_at: batch.received_at };
  addUnsent(stored.unsent, packEvents({ ...place, anonymous_id, events, times, text }));
  stored.arrivals += events.length;
  stored.recorded_id = anonymous_id;
  stored.recorded_user = user_id ?? null;
};

/** Adds the final vector of a session to its records, if it has any. */
export const recordVector = (stored: StoredSession): void => {
  const { final, session_id, recorded_id: anonymous_id, recorded_user } = stored;
  if (!final || anonymous_id === null) return;
  const { n: push } = collectingPush(stored.push_queue);
  stored.arrivals += 1;
  const place = { push, arrival: stored.arrivals, received_at: final.closed_at };
  addUnsent(
    stored.unsent,
    packVector(place, { session_id, anonymous_id, user_id: recorded_user ?? undefined, ...final }),
  );
};

/** Adds a record of another kind, such as a prediction. @param received_at UTC milliseconds by the collector's clock. */
export const recordPayload = (stored: StoredSession, record: UnplacedPayload, received_at: number): void => {
  const { session_id } = stored;
  const { n: push } = collectingPush(stored.push_queue);
  stored.arrivals += 1;
  stored.other_records = (stored.other_records ?? 0) + 1;
  const place = { push, arrival: stored.arrivals, received_at };
  addUnsent(stored.unsent, packRecord(place, { session_id, ...record }));
};
