import type { Event, View } from "@tidemark/schema";
import type { BatchOrigin } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { now } from "../sensors/clock.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";
import { type Collector, hasKeepaliveQuota } from "./collector.ts";
import { createQueue, type QueueEntry } from "./queue.ts";
import { recoverUnsent } from "./recover-unsent.ts";
import { createSpool } from "./spool.ts";
import { addBuffered, createUnloadBuffer } from "./unload-buffer.ts";

/** Types of events that go at once, if no other batch waits: what the site itself reports, forms sent, and errors. */
const URGENT = /custom|identify|error|submit/;

/** Longest time that an event waits for others, in milliseconds. */
const MAX_AGE_MS = 2_000;

/** Brings events to the collector: each at least once, and the collector counts each once. */
export interface Delivery {
  /**
   * Takes an event in. It is sent within {@link MAX_AGE_MS}, and at once when the page is hidden.
   *
   * @param propertyBytes Bytes of JSON that a caller added to the event.
   */
  deliver(event: Event, view: View, origin: BatchOrigin, propertyBytes: number): void;
  /** Sends all batches of this moment. @throws Error that says how many batches are still kept, and why. */
  flush(): Promise<void>;
  /** Stops: sends what is left, or forgets it, here and in the spool. */
  stop(forgets?: boolean): void;
}

/**
 * Creates the delivery of a site's events. Requests, answers and failures are emitted.
 *
 * @param name Where events are stored, if anything may be.
 */
export const createDelivery = (collector: Collector, name: string | false, emit: Emit): Delivery => {
  const spool = createSpool(name, (error) => emit("delivery_problem", `${error}`));
  const buffer = createUnloadBuffer(name);
  const queue = createQueue(spool, emit);
  let failures = 0;
  /** The time before which the collector asked for no request: of several answers the latest. */
  let retryAfterUntil = 0;
  /** Why the last request failed. */
  let lastProblem: string | undefined;

  /**
   * Sends what is due: the oldest batch while the page is visible, unless it waits for more events; in a hidden page, which may
   * not live on, as many batches as may outlive it.
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
    const { problem, retryAfterMs, response: answer } = await collector.post(batch);
    entry.request = undefined;
    lastProblem = problem;
    if (retryAfterMs !== undefined) {
      startBackoff(retryAfterMs);
      emit("delivery_problem", `${problem}`);
      return;
    }
    failures = 0;
    if (answer) emit("acknowledged", { ...answer, ...batch });
    else console.warn("[tidemark]", problem);
    queue.settle(entry, answer ? undefined : "refused");
    sendNext();
  };

  const send = (entry: QueueEntry): Promise<void> => {
    entry.request ??= attempt(entry);
    return entry.request;
  };

  /** Sends what there is: ends the wait for more events, and a backoff unless the collector asked for it. Writes the spool. */
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
    // There may be no next page. If there is one it sends this too, and it is stored once.
    if (!backoffTimer.isRunning()) queue.entries.some(({ batch, request }) => !request && !collector.postLater(batch));
  };
  // The listeners of this moment have their say before the last batch is sent.
  const stopListening = onPageChange((change) =>
    queueMicrotask(() => {
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
      if (isVisible()) flushTimer.start(isUrgent ? 0 : MAX_AGE_MS);
      else queueMicrotask(sendNow);
    },
    async flush() {
      sendNow();
      const due = [...queue.entries];
      for (const entry of due) if (!backoffTimer.isRunning()) await send(entry);
      if (due.some((entry) => queue.entries.includes(entry)))
        throw new Error(`${queue.entries.length} batches wait: ${lastProblem}`);
    },
    stop(forgets) {
      stopListening();
      if (forgets) for (const entry of queue.entries) queue.settle(entry);
      sendNow();
      backoffTimer.stop();
      if (forgets) spool.close();
    },
  };
};
