import type { BatchResponse, ErrorResponse, Event, View } from "@tidemark/schema";
import type { BatchOrigin } from "../events/queued-batch.ts";
import type { Emit } from "../events/tracker-events.ts";
import { guard, runEach } from "../guard.ts";
import type { Identity } from "../identity/visitor.ts";
import { Error, Math, performance, queueMicrotask, Set } from "../platform.ts";
import { countError, takeReport } from "../self-report.ts";
import { now } from "../sensors/clock.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { warnOnce } from "../warn-once.ts";
import { backoff } from "./backoff.ts";
import { omitSignals } from "./batch.ts";
import { batchAge, FRESH_MS, SEND_WITHIN_MS } from "./batch-age.ts";
import { RESTORED } from "./bounded.ts";
import { type Collector, hasKeepaliveQuota } from "./collector.ts";
import { createQueue, type QueueEntry } from "./queue.ts";
import { createRecovery } from "./recovery.ts";
import { createRejections } from "./rejections.ts";
import { createSpool } from "./spool.ts";
import { createUnloadBuffer } from "./unload-buffer.ts";

/** Number of failed attempts after which a batch is split, and a batch of one event may be dropped. */
const MAX_FAILURES = 3;

/**
 * Age at which a page reports about the SDK though it is not hidden, in milliseconds. Reports of many pages can so be
 * compared, and a page that captures nothing when it is hidden has one.
 */
const REPORT_AFTER_MS = 60_000;

/** Delivery of events to the collector, at least once each; the collector deduplicates them. */
export interface Delivery {
  /**
   * Queues an event. It is sent within the time that {@link batchAge} states, and at once when the page is hidden.
   *
   * @param bytes Size of the event, in bytes of JSON.
   */
  deliver(event: Event, view: View, origin: BatchOrigin, bytes: number): void;
  /** States that the page reads features now: the queued events and the next ones are sent within {@link FRESH_MS}. */
  expectReads(): void;
  /**
   * Sends all batches queued now.
   *
   * @throws Error with the number of batches that are still queued, and the last problem.
   */
  sendAll(): Promise<void>;
  /**
   * Sends all batches queued now.
   *
   * @throws Error as {@link Delivery.sendAll}, or with each event and batch that the collector has rejected since the
   * last such error.
   */
  flush(): Promise<void>;
  /** Stops delivery. Sends the queued batches, or with `discard` deletes them from the queue and the spool. */
  stop(discard?: boolean): void;
}

/**
 * Creates the delivery of a site's events. It emits each request, response and failure.
 *
 * @param name The site's storage name, `false` when it may store nothing.
 * @param tabId The tab's id in the batches of its earlier pages; `undefined` in a new tab.
 * @param takeBegun Returns whether this page has begun a session, once for each.
 * @param sendWithin Longest time that an event waits for others, in milliseconds.
 */
export const createDelivery = (
  collector: Collector,
  name: string | false,
  tabId: string | undefined,
  emit: Emit,
  takeBegun: Identity["takeBegun"],
  sendWithin = SEND_WITHIN_MS,
): Delivery => {
  const spool = createSpool(name, (error) => {
    countError("storage_errors");
    emit("delivery_problem", `${error}`);
  });
  const buffer = createUnloadBuffer(name);
  const queue = createQueue(spool, buffer, emit);
  const rejections = createRejections();
  let failures = 0;
  /** The latest time until which any response asked to send no request (`Retry-After`), in UTC milliseconds. */
  let retryAfterUntil = 0;
  /** Time at which the open batch is due while {@link flushTimer} is running, in UTC milliseconds. */
  let dueAt = 0;
  /** Time of the latest read of features, in UTC milliseconds. */
  let readAt = 0;
  /** Whether the visitor has refused: no request begins any more. */
  let isDiscarded = false;
  /** Error text of the last request; undefined when it succeeded. */
  let lastProblem: string | undefined;

  /**
   * Sends the next batches unless a backoff is running. A visible page sends one batch after another. A hidden page may
   * end at any time, and sends as many batches as the keepalive quota allows. A batch that waits for more events is not
   * sent.
   */
  const sendNext = () => {
    if (backoffTimer.isRunning()) return;
    const ready = queue
      .inOrder()
      .filter(({ batch, backoff }) => !backoff?.isRunning() && !(flushTimer.isRunning() && queue.open === batch));
    for (const entry of isVisible() ? ready.slice(0, 1) : ready) if (hasKeepaliveQuota()) void send(entry);
  };
  const flushTimer = createTimer(sendNext);
  const backoffTimer = createTimer(sendNext);

  /** Sends the open batch after this time, in milliseconds, unless it is due earlier. */
  const sendAfter = (ms: number) => {
    const at = now() + ms;
    if (flushTimer.isRunning() && dueAt <= at) return;
    dueAt = at;
    flushTimer.stop();
    flushTimer.start(ms);
  };

  /**
   * Starts the backoff after a failed attempt: of this batch if it seems to be the cause, otherwise of all.
   * `Retry-After` holds for all.
   */
  const startBackoff = (entry: QueueEntry, isCause: boolean | undefined, retryAfterMs: number) => {
    retryAfterUntil = Math.max(retryAfterUntil, now() + retryAfterMs);
    const waitMs = retryAfterUntil - now();
    if (isCause) {
      entry.backoff ??= createTimer(sendNext);
      entry.backoff.start(backoff(entry.failures, waitMs));
      if (waitMs <= 0) return sendNext();
    } else failures += 1;
    backoffTimer.stop();
    backoffTimer.start(backoff(failures, waitMs));
  };

  /**
   * Ends an attempt without success: the batch is sent again later. The batch seems to be the cause while no other one
   * fails, but a failure of the network, or a limit of the collector, says nothing about it.
   */
  const retry = (entry: QueueEntry, problem: string, isUnrelated?: boolean, retryAfterMs = 0) => {
    if (isUnrelated) entry.isOvertaken = false;
    else entry.failures += 1;
    const isAlone = !queue.entries.some((other) => other !== entry && other.failures);
    lastProblem = problem;
    startBackoff(entry, !isUnrelated && (entry.isOvertaken || isAlone), retryAfterMs);
    emit("delivery_problem", problem);
  };

  /** Removes a batch that the collector has stored, except for single events that it rejects. */
  const acknowledge = (entry: QueueEntry, response: BatchResponse) => {
    const { batch } = entry;
    queue.settle(entry);
    recovery.acknowledge(entry, response.tab);
    for (const other of queue.entries) other.isOvertaken = !!other.failures;
    emit("acknowledged", { ...response, ...batch });
    for (const { index, path, code, message } of response.rejected)
      rejections.add(
        `an event, ${code} ${`${path}`.split(".")[0]}`,
        `event ${batch.events[index]?.seq}: ${message} (${code})`,
      );
  };

  /** Drops a batch that the collector rejects as a whole. */
  const drop = (entry: QueueEntry, { code, message }: ErrorResponse["error"]) => {
    queue.settle(entry, "refused");
    emit("rejected", { ...entry.batch, code, message });
    rejections.add(`a batch, ${code}`, `a batch: ${message} (${code})`);
  };

  const attempt = async (entry: QueueEntry) => {
    queue.open = undefined;
    flushTimer.stop();
    if ((!isVisible() || performance?.now() > REPORT_AFTER_MS) && takeBegun(entry.batch.session_id))
      entry.batch.sdk_report = takeReport();
    emit("sent", entry.batch);
    const { response, error, problem, retryAfterMs, status, isForeign } = await collector.post(
      entry.batch,
      () => isDiscarded,
    );
    entry.request = undefined;
    if (isDiscarded) return;
    if (retryAfterMs === undefined) {
      failures = 0;
      if (response) acknowledge(entry, response);
      else if (error && !omitSignals(entry.batch, error)) drop(entry, error);
      return sendNext();
    }
    if (isForeign) warnOnce("the endpoint may be wrong:", problem);
    retry(entry, `${problem}`, !status || status === 429 || error?.code === "paused", retryAfterMs);
    if (entry.failures < MAX_FAILURES) return;
    // One event may be the cause: its batch is split until the event is alone.
    if (entry.batch.events[1]) {
      if (entry.isOvertaken || status >= 500) queue.split(entry);
    } else if (entry.isOvertaken && error?.code === "internal") drop(entry, error);
  };

  /** Ends an attempt that threw, for whatever reason. */
  const fail = (entry: QueueEntry, error: unknown) => {
    entry.request = undefined;
    if (isDiscarded) return;
    if (error === RESTORED) sendNext();
    else retry(entry, `${error}`);
  };

  const send = (entry: QueueEntry): Promise<void> | undefined => {
    if (!isDiscarded) entry.request ??= attempt(entry).catch((error) => fail(entry, error));
    return entry.request;
  };

  /** Sends without waiting for more events, ends a backoff that the collector did not ask for, and writes the spool. */
  const sendNow = () => {
    flushTimer.stop();
    if (retryAfterUntil <= now())
      for (const timer of [backoffTimer, ...queue.entries.map((e) => e.backoff)]) timer?.stop();
    sendNext();
    spool.write();
  };

  // Signals listen to the same change, and add their last events before the batch is sent.
  const stopListening = onPageChange((change) =>
    queueMicrotask(
      guard(() => {
        if (isDiscarded) return;
        if (change === "leave") recovery.leave();
        sendNow();
        // There may be no next page. If there is one, it sends these batches too, and the collector deduplicates them.
        if (change === "leave" && !backoffTimer.isRunning())
          queue.entries.some(({ batch, request }) => !request && !collector.postLater(batch));
      }),
    ),
  );

  const sendAll = async () => {
    sendNow();
    const sources = new Set(queue.entries.map(({ source }) => source));
    const unsettled = () => queue.entries.filter(({ source }) => sources.has(source));
    const ready = () => unsettled().find(({ backoff }) => !backoffTimer.isRunning() && !backoff?.isRunning());
    for (let entry = ready(); entry; entry = ready()) await send(entry);
    if (unsettled()[0]) throw new Error(`${queue.entries.length} batches wait: ${lastProblem}`);
  };

  const recovery = createRecovery(spool, buffer, queue, tabId, sendNext);
  return {
    deliver(event, view, origin, bytes) {
      const isFull = queue.add(event, view, origin, bytes);
      if (!isVisible()) queueMicrotask(guard(sendNow));
      else sendAfter(isFull ? 0 : batchAge(event, view, !queue.entries[1], readAt, sendWithin));
    },
    expectReads() {
      readAt = now();
      if (flushTimer.isRunning()) sendAfter(FRESH_MS);
    },
    sendAll,
    async flush() {
      const rejected = rejections.unreported();
      await sendAll();
      rejections.report(rejected);
    },
    stop(discard = false) {
      isDiscarded = discard;
      runEach(
        stopListening,
        () => recovery.stop(discard),
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
