import type { Queue } from "./queue.ts";
import type { Spool } from "./spool.ts";
import { readBuffered, type UnloadBuffer } from "./unload-buffer.ts";

/**
 * Sends what earlier pages of the site have spooled and left: those that are gone, and, since nothing tells them apart that would
 * not bar pages from the back-forward cache, those that live; a batch that both send is stored once. Pages take turns, where
 * the browser has locks. A page that is loaded ahead gets no lock before it is shown.
 *
 * @param lock Name of the lock.
 * @param queue Takes the batches in.
 * @param sendNext Sends what is due of the queue.
 */
export const recoverUnsent = (
  lock: string,
  spool: Spool,
  buffer: UnloadBuffer,
  queue: Queue,
  sendNext: () => void,
): void => {
  const recover = async () => {
    const buffered = readBuffered(buffer);
    for (const batch of buffered) spool.put(batch);
    const unsent = (await spool.read()) ?? buffered;
    // Only the batches that this page answers for from here on: others may have left more meanwhile.
    if (buffered[0]) buffer.write(readBuffered(buffer).slice(buffered.length));
    const settled = queue.recover(unsent);
    sendNext();
    await settled;
    // The next page is not to find settled batches.
    return spool.write();
  };
  void (navigator.locks?.request(lock, recover).catch(() => {}) ?? recover());
};
