import { type Envelope, envelope } from "@tidemark/schema";
import { MAX_BATCH_EVENTS } from "@tidemark/schema/limits";
import { compileCheck } from "./compile-check.ts";

/** A batch in two parts: its envelope, and its events, which the session reads once. */
export interface SplitBatch {
  envelope: Envelope;
  /** Both parts in JSON. */
  text: { envelope: string; events: string };
}

const EVENTS = ',"events":[';

const isEnvelope = compileCheck(envelope);

/**
 * Takes the events off a batch that names them last, without reading them: no quotation mark stands unescaped within a text, so
 * what looks like the field is one, and it is the batch's own if what comes before it is an envelope. Whether a list of events is
 * all that comes after it, only its reader sees.
 *
 * @returns `undefined` when the batch is another, or none.
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

/** The events of a JSON text; `undefined` unless it is an array of 1 to MAX_BATCH_EVENTS items. */
export const readEvents = (text: string): unknown[] | undefined => {
  try {
    const events: unknown = JSON.parse(text);
    return Array.isArray(events) && events.length > 0 && events.length <= MAX_BATCH_EVENTS ? events : undefined;
  } catch {
    return undefined;
  }
};
