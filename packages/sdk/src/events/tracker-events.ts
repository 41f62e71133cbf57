import type { BatchResponse, Event, View } from "@tidemark/schema";
import type { Emit as EmitOf, On } from "./emitter.ts";
import type { QueuedBatch } from "./queued-batch.ts";

/** Why totals are wanted. When the view ends, the document may show the next one already. */
export type ReportReason = "hidden" | "flush" | "view_end";

/** The events that a tracker emits to its listeners, by type. */
export interface TrackerEventMap {
  /** A page view began: totals start from zero. */
  view: View;
  /** Totals are wanted now: the page is hidden, a flush was asked for, or the view is about to end. */
  report: ReportReason;
  /** An event was captured, numbered and handed to delivery. */
  event: Event & { tab_id: string };
  /** A batch is on its way: for the first time, or again. Pages before this one may have captured it. */
  sent: QueuedBatch;
  /** The collector answered a batch: `rejected` names events by their position in `events`. */
  acknowledged: QueuedBatch & BatchResponse;
  /** A request failed and will be repeated, events were given up, or the browser keeps nothing: why, in words. */
  delivery_problem: string;
}

/** Adds a listener for one type of {@link TrackerEventMap}. Returns a function that removes it. */
export type Listen = On<TrackerEventMap>;

/** Notifies the listeners of one type of {@link TrackerEventMap}. */
export type Emit = EmitOf<TrackerEventMap>;
