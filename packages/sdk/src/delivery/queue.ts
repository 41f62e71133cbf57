import type { Dropped, Event, View } from "@tidemark/schema";
import type { BatchOrigin, QueuedBatch } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { toJson } from "../json.ts";
import type { Promise } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import type { Timer } from "../sensors/timer.ts";
import { append, isIn, newBatch } from "./batch.ts";
import { byteLength } from "./bytes.ts";
import { droppedRangesOf } from "./dropped-ranges.ts";
import type { Spool } from "./spool.ts";
import { removeBuffered, replaceBuffered, type UnloadBuffer } from "./unload-buffer.ts";

/** Most events in a batch. */
const MAX_EVENTS = 100;

/** Most bytes of events and views in a batch that takes more events, so that several batches fit into the keepalive quota. */
const MAX_BYTES = 20_000;

/** The fields of {@link BatchOrigin} that may change within a session. A change starts a new batch. */
const ORIGIN_FIELDS = ["tab_id", "anonymous_id", "user_id", "user_token", "consent"] as const;

/** Most queued batches, each of at most 50 KB. The queue drops the oldest beyond that. */
const MAX_BATCHES = 200;

/** Most batches in a queue of which some are split though the collector may be down. */
const MAX_SUSPECTS = 8;

/** Most dropped ranges that a batch reports. The latest are kept. */
const MAX_DROPPED_RANGES = 100;

/** Age at which an event is dropped instead of sent, in milliseconds. */
const MAX_EVENT_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** A batch that waits to be sent, or for its response. */
export interface QueueEntry {
  batch: QueuedBatch;
  /** The request in flight. */
  request?: Promise<void> | undefined;
  /** The batch as it was queued: this one, or the one from which it was split. */
  source: QueuedBatch;
  /** Number of attempts that failed, except for those in which the network failed. */
  failures: number;
  /** Whether the collector has stored another batch since it failed at this one. */
  isOvertaken?: boolean;
  /** The time for which this batch alone is not sent. */
  backoff?: Timer | undefined;
  /** Whether another page has captured the batch. */
  isRecovered?: boolean;
}

/** The batches that the collector has not acknowledged. */
export interface Queue {
  /** All batches, the oldest first. */
  entries: QueueEntry[];
  /** The batch to which events are added, until it is full or any batch is sent. */
  open: QueuedBatch | undefined;
  /**
   * Adds an event to the open batch, or to a new one.
   *
   * @param bytes Size of the event, in bytes of JSON.
   * @returns Whether the batch is now full.
   */
  add(event: Event, view: View, origin: BatchOrigin, bytes: number): boolean;
  /** Adds batches of other pages, except those that the queue has. */
  recover(batches: QueuedBatch[]): void;
  /**
   * All batches in the order of sending. Those in flight are first; then those with the fewest failures, so that no
   * batch holds up the others; and of these the oldest.
   */
  inOrder(): QueueEntry[];
  /**
   * Splits a batch of several events in two: the collector may fail at one of them. While it stores no other batch, it
   * may be down instead, and then only the first {@link MAX_SUSPECTS} batches are split.
   */
  split(entry: QueueEntry): void;
  /** Removes a batch: it is stored or, with a reason, dropped. The tab's next batch reports the dropped range. */
  settle(entry: QueueEntry, reason?: Dropped["reason"]): void;
}

const newEntry = (batch: QueuedBatch): QueueEntry => ({ batch, source: batch, failures: 0 });

/**
 * Creates an empty queue. It writes changes to `spool`, removes settled batches from `buffer` too, and emits
 * `delivery_problem` for each batch that it drops.
 */
export const createQueue = (spool: Spool, buffer: UnloadBuffer, emit: Emit): Queue => {
  /** Size of the open batch's events and views, in bytes of JSON. */
  let size = 0;
  let tab: string | undefined;
  /** The dropped ranges of the tab that no batch reports yet. */
  let unreported: Dropped[] = [];
  /** Sequence number of the first event that this page has queued, by tab. */
  const firstSeqs: Record<string, number> = {};

  /** Drops batches that are too old, and the oldest of too many. */
  const prune = () => {
    for (const entry of queue.entries) {
      if (entry.request) continue;
      if (entry.batch.events[0].time < now() - MAX_EVENT_AGE_MS) queue.settle(entry, "expired");
      else if (queue.entries.length > MAX_BATCHES) queue.settle(entry, "overflow");
    }
  };

  const queue: Queue = {
    entries: [],
    open: undefined,
    add(event, view, origin, bytes) {
      let { open } = queue;
      if (tab !== origin.tab_id) unreported = [];
      tab = origin.tab_id;
      firstSeqs[tab] ??= event.seq;
      if (open && !ORIGIN_FIELDS.every((field) => open?.[field] === origin[field])) open = undefined;
      const isNewView = !open?.views.includes(view);
      if (open) append(open, event, view);
      else {
        open = newBatch(origin, event, view, unreported);
        queue.open = open;
        queue.entries.push(newEntry(open));
        unreported = [];
        size = 0;
        prune();
      }
      size += bytes + (isNewView ? byteLength(toJson(view)) : 0);
      spool.put(open);
      const isFull = open.events.length >= MAX_EVENTS || size > MAX_BYTES;
      if (isFull) queue.open = undefined;
      return isFull;
    },
    recover(batches) {
      for (const batch of batches) {
        const { tab_id, events } = batch;
        // The spool may hold batches of this page by now: those are queued already.
        const isOwn = events[0].seq >= (firstSeqs[tab_id] as number);
        const queued = queue.entries.map((entry) => entry.batch);
        if (!isOwn && !isIn(queued, batch)) queue.entries.push({ ...newEntry(batch), isRecovered: true });
      }
      prune();
    },
    inOrder: () => [...queue.entries].sort((a, b) => +!a.request - +!b.request || a.failures - b.failures),
    split(entry) {
      const { batch } = entry;
      const { entries } = queue;
      const index = entries.indexOf(entry);
      const middle = batch.events.length >> 1;
      if (index < 0 || !middle || entries.length > (entry.isOvertaken ? MAX_BATCHES / 2 : MAX_SUSPECTS)) return;
      const halves = [
        { ...batch, events: batch.events.slice(0, middle) },
        { ...batch, events: batch.events.slice(middle), dropped: [], sdk_report: undefined },
      ] as QueuedBatch[];
      entries.splice(index, 1, ...halves.map((half) => ({ ...entry, batch: half, failures: 1, backoff: undefined })));
      spool.remove(batch);
      for (const half of halves) spool.put(half);
      replaceBuffered(buffer, batch, halves);
    },
    settle(entry, reason) {
      queue.entries = queue.entries.filter((other) => other !== entry);
      spool.remove(entry.batch);
      removeBuffered(buffer, [entry.batch]);
      if (!reason) return;
      emit("delivery_problem", reason);
      if (entry.batch.tab_id === tab)
        unreported = [...unreported, ...droppedRangesOf(entry.batch, reason)].slice(-MAX_DROPPED_RANGES);
    },
  };
  return queue;
};
