import type { QueuedBatch } from "../events/queued-batch.ts";
import type { Spool } from "./spool.ts";
import type { UnloadBuffer } from "./unload-buffer.ts";

/**
 * Sends what earlier pages of the site have spooled and left: those that are gone, and, since nothing tells them apart that would
 * not bar pages from the back-forward cache, those that live; a batch that both send is stored once. Pages take turns, where
 * the browser has locks. A page that is loaded ahead gets no lock before it is shown.
 *
 * @param lock Name of the lock.
 * @param send Sends batches. Resolves when each of them is stored or given up.
 */
export const recoverUnsent = (
  lock: string,
  spool: Spool,
  buffer: UnloadBuffer,
  send: (batches: QueuedBatch[]) => Promise<unknown>,
): void => {
  const recover = async () => {
    const buffered = buffer.read();
    const unsent = (await spool.read(buffered)) ?? buffered;
    // Only the batches that this page answers for from here on: others may have left more meanwhile.
    if (buffered[0]) buffer.removeFirst(buffered.length);
    await send(unsent);
    // The next page is not to find settled batches.
    return spool.write();
  };
  void (navigator.locks?.request(lock, recover).catch(() => {}) ?? recover());
};
