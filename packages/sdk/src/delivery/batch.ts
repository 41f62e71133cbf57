import type { Dropped, Event, View } from "@tidemark/schema";
import type { BatchOrigin, QueuedBatch } from "../events/queued-batch.ts";
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
