import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Event } from "@tidemark/schema";
import type { EventRecord, PayloadRecord, RecordedEvent, RecordPosition, VectorRecord } from "@tidemark/schema/log";
import { DICTIONARY } from "./dictionary.ts";
import { eventContextsOf, type StoredEnvelope } from "./event-contexts.ts";
import { frameOf, framesIn } from "./frames.ts";

/** Position of a record in the stream of its session, and the push that it belongs to. */
interface Place {
  /** Number of the push with which the record is sent. */
  push: number;
  /** Number of the record, from 1, in the order in which the session accepted its records. */
  arrival: number;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
}

/** The events of one batch that a session accepted. Their records have successive numbers, from `arrival` on. */
export interface AcceptedEvents extends Place {
  /** The browser's id, from the site's cookie or from the batch, or a pseudonym. It overrides the envelope's. */
  anonymous_id: string;
  /** The events, in the order in which they were accepted. */
  events: readonly Event[];
  /** Corrected time of each event. */
  times: number[];
  /** The batch without its events, and the array of `events`, as JSON. */
  text: { envelope: string; events: string };
}

/** The final vector of a closed session. */
export type FinalVector = Omit<VectorRecord, keyof RecordPosition | "kind" | "entity" | "id">;

/** A record of another kind than events and vectors, without any place. */
export type UnplacedPayload = Omit<PayloadRecord, keyof RecordPosition>;

/** A record without the place that its partition gives it. */
export type UnplacedRecord =
  | Omit<EventRecord, keyof UnplacedPosition>
  | Omit<VectorRecord, keyof UnplacedPosition>
  | Omit<PayloadRecord, keyof UnplacedPosition>;

type UnplacedPosition = Pick<RecordPosition, "site" | "partition" | "offset">;

/** The first line of a packed text. */
interface Head extends Omit<Place, "push"> {
  anonymous_id?: string;
  /** Corrected times of the events, or what was added to the time of each. */
  times?: number[];
  shift?: number;
  /** Length of the envelope's text, which follows the head. The events follow the envelope. */
  envelope?: number;
  vector?: FinalVector;
  /** A record of another kind. */
  record?: UnplacedPayload;
}

const pack = (push: number, count: number, head: Head, rest = ""): Uint8Array => {
  const text = `${JSON.stringify(head)}\n${rest}`;
  return frameOf({ push, count, characters: text.length }, deflateRawSync(text, { level: 1, dictionary: DICTIONARY }));
};

/** Packs the accepted events of a batch. */
export const packEvents = ({ push, events, times, text, ...head }: AcceptedEvents): Uint8Array => {
  const shift = (times[0] ?? 0) - (events[0]?.time ?? 0);
  // A sum of fractions can differ from the time that the session has folded.
  const areShifted = events.every(({ time }, place) => time + shift === times[place]);
  const timing = areShifted ? { shift } : { times };
  const { length: envelope } = text.envelope;
  return pack(push, events.length, { ...head, ...timing, envelope }, text.envelope + text.events);
};

/** Packs the final vector of a session. */
export const packVector = ({ push, ...place }: Place, vector: FinalVector): Uint8Array =>
  pack(push, 1, { ...place, vector });

/** Packs a record of another kind, such as a prediction. */
export const packRecord = ({ push, ...place }: Place, record: UnplacedPayload): Uint8Array =>
  pack(push, 1, { ...place, record });

function* unpackEvents(head: Head, rest: string): Generator<UnplacedRecord> {
  const { arrival, received_at, anonymous_id = "", times, shift = 0, envelope: length } = head;
  const envelope = JSON.parse(rest.slice(0, length)) as StoredEnvelope;
  const events = JSON.parse(rest.slice(length)) as Event[];
  const contextOf = eventContextsOf(envelope, anonymous_id);
  for (const [place, event] of events.entries()) {
    const context = contextOf(event, times?.[place] ?? event.time + shift);
    const record = { ...event, ...context } as RecordedEvent;
    yield { kind: "event", arrival: arrival + place, received_at, v: envelope.v, event: record };
  }
}

/** Unpacks records, in the order in which their session accepted them. */
export function* unpackRecords(bytes: Uint8Array): Generator<UnplacedRecord> {
  for (const { body } of framesIn(bytes)) {
    const text = inflateRawSync(body, { dictionary: DICTIONARY }).toString();
    const endOfHead = text.indexOf("\n");
    const head = JSON.parse(text.slice(0, endOfHead)) as Head;
    const { arrival, received_at, vector, record } = head;
    if (vector) yield { kind: "vector", arrival, received_at, entity: "session", id: vector.session_id, ...vector };
    else if (record) yield { arrival, received_at, ...record };
    else yield* unpackEvents(head, text.slice(endOfHead + 1));
  }
}
