import type { Event, View } from "@tidemark/schema";
import type { BatchOrigin } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { runEach } from "../guard.ts";
import { now } from "../sensors/clock.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";
import { type Collector, hasKeepaliveQuota } from "./collector.ts";
import { createQueue, type QueueEntry } from "./queue.ts";
import { recoverUnsent } from "./recover-unsent.ts";
import { createSpool } from "./spool.ts";
import { addBuffered, createUnloadBuffer } from "./unload-buffer.ts";

/**
 * Types of events that are sent at once if no other batch is queued: custom events, identify, form submits and errors.
 */
const URGENT = /custom|identify|error|submit/;

/** Longest time that an event waits to be batched with others, in milliseconds. */
const MAX_BATCHING_MS = 2_000;

/** Delivery of events to the collector, at least once each; the collector deduplicates them. */
export interface Delivery {
  /**
   * Queues an event. It is sent within {@link MAX_BATCHING_MS}, and at once when the page is hidden.
   *
   * @param propertyBytes Size of the event's properties, in bytes of JSON.
   */
  deliver(event: Event, view: View, origin: BatchOrigin, propertyBytes: number): void;
  /**
   * Sends all batches queued now.
   *
   * @throws Error with the number of batches that are still queued, and the last problem.
   */
  flush(): Promise<void>;
  /** Stops delivery. Sends the queued batches, or with `discard` deletes them from the queue and the spool. */
  stop(discard?: boolean): void;
}

/**
 * Creates the delivery of a site's events. It emits each request, response and failure.
 *
 * @param name The site's storage name, `false` when it may store nothing.
 */
export const createDelivery = (collector: Collector, name: string | false, emit: Emit): Delivery => {
  const spool = createSpool(name, (error) => emit("delivery_problem", `${error}`));
  const buffer = createUnloadBuffer(name);
  const queue = createQueue(spool, emit);
  let failures = 0;
  /** The latest time until which any response asked to send no request (`Retry-After`), in UTC milliseconds. */
  let retryAfterUntil = 0;
  /** Whether the visitor has refused: no request begins any more. */
  let isDiscarded = false;
  /** Error text of the last request; undefined when it succeeded. */
  let lastProblem: string | undefined;

  /**
   * Sends the next batches unless a backoff is running. A visible page sends the oldest batch, unless that batch waits
   * for more events. A hidden page may end at any time, and sends as many batches as the keepalive quota allows.
   */
  const sendNext = () => {
    if (!backoffTimer.isRunning())
      for (const entry of isVisible() ? queue.entries.slice(0, 1) : queue.entries)
        if (hasKeepaliveQuota() && !(flushTimer.isRunning() && queue.open === entry.batch)) void send(entry);
  };
  const flushTimer = createTimer(sendNext);
  const backoffTimer = createTimer(sendNext);

  const startBackoff = (retryAfterMs: number) => {
    failures += 1;
    retryAfterUntil = Math.max(retryAfterUntil, now() + retryAfterMs);
    backoffTimer.stop();
    backoffTimer.start(backoff(failures, retryAfterUntil - now()));
  };

  const attempt = async (entry: QueueEntry) => {
    const { batch } = entry;
    queue.open = undefined;
    emit("sent", batch);
    const { problem, retryAfterMs, response } = await collector.post(batch, () => isDiscarded);
    entry.request = undefined;
    if (isDiscarded) return;
    lastProblem = problem;
    if (retryAfterMs !== undefined) {
      startBackoff(retryAfterMs);
      emit("delivery_problem", `${problem}`);
      return;
    }
    failures = 0;
    if (response) emit("acknowledged", { ...response, ...batch });
    else console.warn("[tidemark]", problem);
    queue.settle(entry, response ? undefined : "refused");
    sendNext();
  };

  const send = (entry: QueueEntry): Promise<void> | undefined => {
    if (!isDiscarded) entry.request ??= attempt(entry);
    return entry.request;
  };

  /** Sends without waiting for more events, ends a backoff that the collector did not ask for, and writes the spool. */
  const sendNow = () => {
    flushTimer.stop();
    if (retryAfterUntil <= now()) backoffTimer.stop();
    sendNext();
    void spool.write();
  };

  const leavePage = () => {
    addBuffered(
      buffer,
      queue.entries.map(({ batch }) => batch),
    );
    // There may be no next page. If there is one, it sends these batches too, and the collector deduplicates them.
    if (!backoffTimer.isRunning()) queue.entries.some(({ batch, request }) => !request && !collector.postLater(batch));
  };
  // Signals listen to the same change, and add their last events before the batch is sent.
  const stopListening = onPageChange((change) =>
    queueMicrotask(() => {
      if (isDiscarded) return;
      sendNow();
      if (change === "leave") leavePage();
    }),
  );

  recoverUnsent(`${name}`, spool, buffer, queue, sendNext);
  return {
    deliver(event, view, origin, propertyBytes) {
      const isFull = queue.add(event, view, origin, propertyBytes);
      const isUrgent = isFull || (URGENT.test(event.type) && !queue.entries[1]);
      if (isUrgent) flushTimer.stop();
      if (isVisible()) flushTimer.start(isUrgent ? 0 : MAX_BATCHING_MS);
      else queueMicrotask(sendNow);
    },
    async flush() {
      sendNow();
      const entries = [...queue.entries];
      for (const entry of entries) if (!backoffTimer.isRunning()) await send(entry);
      if (entries.some((entry) => queue.entries.includes(entry)))
        throw new Error(`${queue.entries.length} batches wait: ${lastProblem}`);
    },
    stop(discard = false) {
      isDiscarded = discard;
      runEach(
        stopListening,
        () => {
          if (discard) for (const entry of queue.entries) queue.settle(entry);
        },
        sendNow,
        backoffTimer.stop,
        () => discard && spool.close(),
      );
    },
  };
};
