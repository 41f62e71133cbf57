import type { Dropped, Event, View } from "@tidemark/schema";
import type { BatchOrigin, QueuedBatch } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { now } from "../sensors/clock.ts";
import { append, newBatch } from "./batch.ts";
import { droppedRangesOf } from "./dropped-ranges.ts";
import type { Spool } from "./spool.ts";

/** Most events in a batch. */
const MAX_EVENTS = 100;

/** A batch is full with more bytes of properties than this: every batch then has room in the keepalive quota. */
const MAX_PROPERTY_BYTES = 10_000;

/** The fields of {@link BatchOrigin} that may change within a session. */
const ORIGIN_FIELDS = ["tab_id", "anonymous_id", "user_id", "consent"] as const;

/** Most batches that wait, each of at most 50 KB. The queue gives up the oldest beyond that. */
const MAX_BATCHES = 200;

/** Most ranges of lost events that a batch reports, the latest. */
const MAX_LOSSES = 100;

/** Oldest event that is sent, in milliseconds. */
const MAX_WAIT_MS = 7 * 24 * 60 * 60 * 1000;

/** A batch that waits for its turn or its answer. */
export interface QueueEntry {
  batch: QueuedBatch;
  /** The request under way. */
  request?: Promise<void> | undefined;
  /** Called when the batch is stored or given up. */
  onSettled?: () => void;
}

/** The batches that are not stored yet. */
export interface Queue {
  /** All of them, the oldest first. */
  entries: QueueEntry[];
  /** The batch that takes more events in, until it is full or something is sent. */
  open: QueuedBatch | undefined;
  /**
   * Adds an event to the open batch, or to a new one.
   *
   * @param propertyBytes Bytes of JSON that the caller added to the event.
   * @returns Whether the batch is full with it.
   */
  add(event: Event, view: View, origin: BatchOrigin, propertyBytes: number): boolean;
  /** Adds batches of other pages. Resolves when each of them is stored or given up. */
  recover(batches: QueuedBatch[]): Promise<unknown>;
  /** Removes a batch: it is stored or, with a reason, given up, which the next batch of its tab reports. */
  settle(entry: QueueEntry, reason?: Dropped["reason"]): void;
}

/** Creates an empty queue. Its changes go to `spool`; batches that it gives up are emitted as `delivery_problem`. */
export const createQueue = (spool: Spool, emit: Emit): Queue => {
  /** Bytes that callers added to the open batch. */
  let propertyBytes = 0;
  let tab: string | undefined;
  /** The events of the tab that were given up and are not reported yet. */
  let losses: Dropped[] = [];
  /** Numbers of the first events that this page has delivered, by their tabs. */
  const firstSeqs: Record<string, number> = {};

  /** Gives up batches that are too old, and the oldest of too many. */
  const prune = () => {
    for (const entry of queue.entries) {
      if (entry.request) continue;
      if (entry.batch.events[0].time < now() - MAX_WAIT_MS) queue.settle(entry, "expired");
      else if (queue.entries.length > MAX_BATCHES) queue.settle(entry, "overflow");
    }
  };

  const queue: Queue = {
    entries: [],
    open: undefined,
    add(event, view, origin, moreBytes) {
      let { open } = queue;
      if (tab !== origin.tab_id) losses = [];
      tab = origin.tab_id;
      firstSeqs[tab] ??= event.seq;
      if (open && ORIGIN_FIELDS.every((field) => open?.[field] === origin[field])) append(open, event, view);
      else {
        open = newBatch(origin, event, view, losses);
        queue.open = open;
        queue.entries.push({ batch: open });
        losses = [];
        propertyBytes = 0;
        prune();
      }
      propertyBytes += moreBytes;
      spool.put(open);
      const isFull = open.events.length >= MAX_EVENTS || propertyBytes > MAX_PROPERTY_BYTES;
      if (isFull) queue.open = undefined;
      return isFull;
    },
    recover(batches) {
      const settled = batches
        // This page may have spooled already.
        .filter(({ tab_id, events }) => !(events[0].seq >= (firstSeqs[tab_id] as number)))
        .map((batch) => new Promise<void>((onSettled) => queue.entries.push({ batch, onSettled })));
      prune();
      return Promise.all(settled);
    },
    settle(entry, reason) {
      queue.entries = queue.entries.filter((other) => other !== entry);
      spool.remove(entry.batch);
      entry.onSettled?.();
      if (!reason) return;
      emit("delivery_problem", reason);
      if (entry.batch.tab_id === tab) losses = [...losses, ...droppedRangesOf(entry.batch, reason)].slice(-MAX_LOSSES);
    },
  };
  return queue;
};
