import { type Envelope, envelope, type ReceivedBatch } from "@tidemark/schema";
import { MAX_BATCH_EVENTS } from "@tidemark/schema/limits";
import { compileCheck } from "./compile-check.ts";

/** A batch in two parts: its envelope, and its events, which only the session parses. */
export interface SplitBatch {
  envelope: Envelope;
  /** Both parts as JSON: the envelope, and the array of the events or an object that has it in its field `events`. */
  text: { envelope: string; events: string };
}

const EVENTS = ',"events":[';

const isEnvelope = compileCheck(envelope);

/**
 * Splits a batch whose last field is `events`, without parsing the events.
 *
 * JSON escapes quotation marks within strings, so `,"events":[` can only be a field. It is a field of the batch itself
 * if the text before it is an envelope. The text after it is not checked: the session finds out whether it is one
 * array.
 *
 * @returns `undefined` when `events` is not the last field, or the body is not a batch.
 */
export const splitUnparsed = (body: string): SplitBatch | undefined => {
  const end = body.indexOf(EVENTS);
  if (end < 0 || !body.endsWith("]}")) return undefined;
  const text = { envelope: `${body.slice(0, end)}}`, events: body.slice(end + EVENTS.length - 1, -1) };
  try {
    const value: unknown = JSON.parse(text.envelope);
    return isEnvelope(value) ? { envelope: value as Envelope, text } : undefined;
  } catch {
    return undefined;
  }
};

/** Splits a batch that was parsed, without serialising its events, which may be nested to any depth. */
export const splitParsed = (body: string, { events: _, ...envelope }: ReceivedBatch): SplitBatch => ({
  envelope,
  text: { envelope: JSON.stringify(envelope), events: body },
});

/** Parses the events in the second part of a batch; `undefined` unless they are an array of 1 to MAX_BATCH_EVENTS items. */
export const readEvents = (text: string): unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    const events = Array.isArray(value) ? value : (value as { events?: unknown } | null)?.events;
    return Array.isArray(events) && events.length > 0 && events.length <= MAX_BATCH_EVENTS ? events : undefined;
  } catch {
    return undefined;
  }
};
