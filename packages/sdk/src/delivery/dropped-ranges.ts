import type { Dropped, Event } from "@tidemark/schema";
import type { QueuedBatch } from "../events/queued-batch.ts";

/**
 * The ranges of events that are lost with a batch: its own events, and the dropped ranges that it would have reported.
 */
export const droppedRangesOf = (batch: QueuedBatch, reason: Dropped["reason"]): Dropped[] => [
  ...(batch.dropped ?? []),
  { from_seq: batch.events[0].seq, to_seq: (batch.events.at(-1) as Event).seq, reason },
];
