import type { Event, View } from "@tidemark/schema";
import { Math } from "../platform.ts";

/**
 * Types of events that are sent at once if no other batch is queued: custom events, identify, form submits and errors.
 */
const URGENT = /custom|identify|error|submit/;

/** Longest time that an event waits while its data are needed, in milliseconds. */
export const FRESH_MS = 2_000;

/**
 * Time for which a read of features lets expect another one, in milliseconds: longer than the interval of `useFeatures`.
 */
const READING_MS = 15_000;

/**
 * Growth of the wait: by so much for each millisecond in which nothing needs the data. A slower growth sends more
 * batches of short page views; a faster one makes the first events of a page view older.
 */
const GROWTH = 4;

/** Default of the option `sendWithin`: a longer one saves hardly any batch, because page views end and pages are hidden. */
export const SEND_WITHIN_MS = 60_000;

/**
 * Longest time that an event waits for others after its capture, in milliseconds. The batch is due when the first of its
 * events is. Pure, by the event's own time.
 *
 * The data are needed in the first moments of a page view, and while the page reads features: then the wait is at most
 * {@link FRESH_MS}. Then it grows with the time in which nothing needs them, up to `sendWithin`.
 *
 * @param isAlone Whether no other batch is queued: an urgent event is then sent at once.
 * @param readAt Time of the latest read of features, in UTC milliseconds; 0 before the first.
 * @param sendWithin The option.
 */
export const batchAge = (
  { type, time }: Pick<Event, "type" | "time">,
  { started_at }: Pick<View, "started_at">,
  isAlone: boolean,
  readAt: number,
  sendWithin: number,
): number => {
  const isUrgent = URGENT.test(type);
  if (isUrgent && isAlone) return 0;
  const unneededMs = isUrgent ? 0 : time - Math.max(started_at, readAt + READING_MS);
  return Math.min(sendWithin, Math.max(unneededMs * GROWTH, FRESH_MS));
};
