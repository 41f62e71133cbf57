import type { BatchResponse } from "@tidemark/schema";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { whenVisible } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { isCovered, isIn } from "./batch.ts";
import type { Queue, QueueEntry } from "./queue.ts";
import { CLAIM_MS, type Spool } from "./spool.ts";
import { addBuffered, readBuffered, removeBuffered, type UnloadBuffer } from "./unload-buffer.ts";

/** Longest time that the batches of the unload buffer wait for the spool, in milliseconds. */
const MAX_SPOOL_WAIT_MS = 1_000;

/** Time for which the batches of the tab's earlier pages wait for a response that lists them, in milliseconds. */
const MAX_TAB_WAIT_MS = 2_000;

/** The sending of batches that other pages of the site have left unacknowledged. */
export interface Recovery {
  /** Removes the batches that the response to a batch of the same tab shows to be stored. */
  acknowledge(entry: QueueEntry, tab: BatchResponse["tab"]): void;
  /** Writes all unacknowledged batches to the unload buffer, for the next page. */
  leave(): void;
  /** Stops the recovery. Its batches stay for the next page, or with `discard` are forgotten. */
  stop(discard?: boolean): void;
}

/**
 * Recovers the batches that other pages of the site have left in the spool and the unload buffer, once this page is
 * visible. These include batches of open pages: any means to detect open pages would bar them from the back-forward
 * cache. The collector recognizes the events of a batch that this page and an open one send as duplicates.
 *
 * The earlier pages of this tab have just sent most of their batches. These batches wait for {@link MAX_TAB_WAIT_MS}:
 * meanwhile they may arrive, and a response to this page states the tab's numbers that the collector has.
 *
 * @param tabId The tab's id in the batches of its earlier pages; `undefined` in a new tab.
 * @param sendNext Sends the next batches of the queue.
 */
export const createRecovery = (
  spool: Spool,
  buffer: UnloadBuffer,
  queue: Queue,
  tabId: string | undefined,
  sendNext: () => void,
): Recovery => {
  /** Batches of the tab's earlier pages, until a response shows which of them the collector has. */
  let waiting: QueuedBatch[] = [];
  /** Whether the collector has responded to a batch of this page: then no other response is worth the wait. */
  let isAnswered = false;
  let isFirst = true;
  let isStopped = false;

  const unacknowledged = () => [...waiting, ...queue.entries.map(({ batch }) => batch)];

  /** Whether this page has a batch, in any version. */
  const holds = ({ tab_id, events }: QueuedBatch) =>
    unacknowledged().some((batch) => batch.tab_id === tab_id && batch.events[0].seq === events[0].seq);

  /** Queues the waiting batches, unless a batch of this page is about to get its first response. */
  const endWait = () => {
    if (
      !isAnswered &&
      queue.entries.some(({ batch, isRecovered, failures }) => batch.tab_id === tabId && !isRecovered && !failures)
    )
      waitTimer.start(MAX_TAB_WAIT_MS);
    else {
      queue.recover(waiting);
      waiting = [];
      sendNext();
    }
  };
  const waitTimer = createTimer(endWait);

  const add = (batches: QueuedBatch[]) => {
    if (isStopped) return;
    for (const batch of batches)
      if (batch.tab_id !== tabId) queue.recover([batch]);
      else if (!isIn(waiting, batch)) waiting.push(batch);
    if (waiting[0]) waitTimer.start(MAX_TAB_WAIT_MS);
    sendNext();
  };

  const recover = async () => {
    let buffered: QueuedBatch[] = [];
    // Read within the spool's transaction: a page that reads it later finds the batches of the buffer claimed.
    const readAdded = () => {
      if (isFirst) buffered = readBuffered(buffer).filter((batch) => !holds(batch));
      return buffered;
    };
    const spoolTimer = createTimer(() => add(readAdded()));
    spoolTimer.start(MAX_SPOOL_WAIT_MS);
    const claim = await spool.claim(holds, isFirst, readAdded).catch(() => undefined);
    spoolTimer.stop();
    if (claim) removeBuffered(buffer, buffered);
    add(claim ? claim.batches : readAdded());
    isFirst = false;
    if (claim?.isAnyClaimed && !isStopped) claimTimer.start(CLAIM_MS / 2);
  };
  const claimTimer = createTimer(recover);
  const stopListening = whenVisible(recover);

  const leave = () => {
    // This ends the claims, so that the next page need not wait for their end.
    for (const batch of waiting) spool.put(batch);
    for (const { batch, isRecovered } of queue.entries) if (isRecovered) spool.put(batch);
    addBuffered(buffer, unacknowledged());
    waiting = [];
  };
  return {
    acknowledge({ batch: { tab_id }, isRecovered }, tab) {
      isAnswered ||= !isRecovered;
      const isStored = (batch: QueuedBatch) => batch.tab_id === tab_id && isCovered(batch, tab?.acknowledged);
      queue.recover(waiting.filter(isStored));
      waiting = waiting.filter((batch) => !isStored(batch));
      const stored = queue.entries.filter((entry) => entry.isRecovered && !entry.request && isStored(entry.batch));
      for (const entry of stored) queue.settle(entry);
      // The next page must not find these batches.
      if (isRecovered || stored[0]) spool.write();
    },
    leave,
    stop(discard) {
      isStopped = true;
      stopListening();
      waitTimer.stop();
      claimTimer.stop();
      if (!discard) leave();
    },
  };
};
