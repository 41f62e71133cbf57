import type { BatchResponse, Event, View } from "@tidemark/schema";
import type { Emit as EmitOf, On } from "./emitter.ts";
import type { QueuedBatch } from "./queued-batch.ts";
import type { Reaction } from "./reaction.ts";

/** The reason for a report of totals. At `view_end` the document may already show the next page view. */
export type ReportReason = "hidden" | "flush" | "view_end";

/** The events that a tracker emits to its listeners, by type. */
export interface TrackerEventMap {
  /** A page view has begun. Totals start from zero. */
  view: View;
  /** Signals report their totals now: the page is hidden, `flush()` was called, or the page view is about to end. */
  report: ReportReason;
  /** An event was captured, numbered and queued for delivery. */
  event: Event & { tab_id: string };
  /** A batch is sent, for the first time or again. Earlier pages may have captured its events. */
  sent: QueuedBatch;
  /** The collector responded to a batch. `rejected` identifies events by their index in `events`. */
  acknowledged: QueuedBatch & BatchResponse;
  /** The collector rejected a batch as a whole, and the batch was dropped. `code`, `message`: those of the collector's error. */
  rejected: QueuedBatch & { code: string; message: string };
  /** The message of a problem: a request failed and will be repeated, events were dropped, or the browser stores nothing. */
  delivery_problem: string;
  /** A reaction of the site to this visitor. It needs the option `reactions`. Each one is passed on once, in one page. */
  reaction: Reaction;
  /**
   * A reaction that this page has received is over: the visitor has dismissed it, has logged out, or has denied consent.
   * The page removes what it shows of it.
   */
  reaction_end: Reaction;
}

/** Adds a listener for one type of {@link TrackerEventMap}. Returns a function that removes it. */
export type Listen = On<TrackerEventMap>;

/** Notifies the listeners of one type of {@link TrackerEventMap}. */
export type Emit = EmitOf<TrackerEventMap>;
