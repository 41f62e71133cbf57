import type { Emit } from "../events/tracker-events.ts";
import { now } from "../sensors/clock.ts";
import { isVisible } from "../sensors/page-state.ts";
import { createTimer, type Timer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";
import { type Collector, hasRoom } from "./collector.ts";
import type { Queue, QueueEntry } from "./queue.ts";
import type { Spool } from "./spool.ts";

/** Longest time that an event waits for others, in milliseconds. */
const MAX_AGE_MS = 2_000;

/** Sends the batches of a queue, and waits between attempts that fail. */
export interface Sender {
  /**
   * Sends what is due: the oldest batch while the page is visible, unless it waits for more events; in a hidden page, which may
   * not live on, as many batches as may outlive it.
   */
  sendNext(): void;
  /** Sends what there is: ends the wait for more events, and a backoff unless the collector asked for it. Writes the spool. */
  sendNow(): void;
  /** Plans to send the event that was added last: within {@link MAX_AGE_MS}, or as soon as this turn is over. */
  startFlushTimer(isUrgent: boolean): void;
  /** Sends all batches of this moment. @throws Error that says how many batches are still kept, and why. */
  flush(): Promise<void>;
  /** Runs while the sender waits after a failure. */
  backoffTimer: Timer;
}

/** Creates a sender. Each request and answer is emitted. */
export const createSender = (queue: Queue, spool: Spool, collector: Collector, emit: Emit): Sender => {
  let failures = 0;
  /** The time before which the collector asked for no request: of several answers the latest. */
  let retryAfterUntil = 0;
  /** Why the last request failed. */
  let lastProblem = "";

  const sendNext = () => {
    if (!backoffTimer.isRunning())
      for (const entry of isVisible() ? queue.entries.slice(0, 1) : queue.entries)
        if (hasRoom() && !(flushTimer.isRunning() && queue.open === entry)) void send(entry);
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
    const { problem, retryAfterMs, answer } = await collector.post(batch);
    entry.request = undefined;
    lastProblem = problem;
    if (retryAfterMs !== undefined) {
      startBackoff(retryAfterMs);
      emit("trouble", problem);
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

  const sendNow = () => {
    flushTimer.stop();
    if (retryAfterUntil <= now()) backoffTimer.stop();
    sendNext();
    void spool.write();
  };

  return {
    sendNext,
    sendNow,
    startFlushTimer(isUrgent) {
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
    backoffTimer,
  };
};
