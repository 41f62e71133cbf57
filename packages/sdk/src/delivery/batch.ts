import type { Dropped, ErrorResponse, Event, View } from "@tidemark/schema";
import type { BatchOrigin, QueuedBatch } from "../events/queued-batch.ts";
import { Array } from "../platform.ts";
import { VERSION } from "../version.ts";

/** Creates a batch of this origin with its first event. `dropped`: ranges of events that the tab dropped before. */
export const newBatch = (origin: BatchOrigin, event: Event, view: View, dropped: Dropped[]): QueuedBatch => ({
  ...origin,
  v: 1,
  sdk: `js/${VERSION}`,
  dropped,
  views: [view],
  events: [event],
});

/** Adds an event to a batch, and its page view unless the batch has it already. */
export const append = (batch: QueuedBatch, event: Event, view: View): void => {
  batch.events.push(event);
  if (!batch.views.includes(view)) batch.views.push(view);
};

/**
 * Removes the signals from the page views of a batch that a collector has rejected because it does not know this field.
 * Returns whether it has removed any: the batch can then be sent again.
 */
export const omitSignals = ({ views }: QueuedBatch, { message }: ErrorResponse["error"]): boolean =>
  /\.signals /.test(message) && views.filter((view) => view.signals !== undefined && delete view.signals).length > 0;

/** Whether a stored value is a batch. Any script of the origin can write to the storage. */
export const isBatch = (value: unknown): value is QueuedBatch => !!(value as QueuedBatch | undefined)?.events?.[0];

/** Whether a list has a batch with the same events: two pages may each have a copy. */
export const isIn = (batches: QueuedBatch[], { tab_id, events }: QueuedBatch): boolean =>
  batches.some(
    (other) =>
      other.tab_id === tab_id && other.events[0].seq === events[0].seq && other.events.length === events.length,
  );

/** Whether ranges of a tab's sequence numbers, as a collector states them, contain all events of the tab's batch. */
export const isCovered = ({ events }: QueuedBatch, ranges: unknown): boolean =>
  Array.isArray(ranges) &&
  ranges.some((range) => range?.[0] <= events[0].seq && (events.at(-1) as Event).seq <= range?.[1]);
