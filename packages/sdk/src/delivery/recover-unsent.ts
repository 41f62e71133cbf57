import type { Queue } from "./queue.ts";
import type { Spool } from "./spool.ts";
import { readBuffered, type UnloadBuffer } from "./unload-buffer.ts";

/**
 * Sends the batches that other pages of the site have left in the spool and the unload buffer. These include batches of
 * open pages: any means to detect open pages would bar them from the back-forward cache. The collector recognizes the
 * events of a batch that this page and an open one send as duplicates. Where the browser has Web Locks, one page
 * recovers at a time; a prerendered page gets the lock only when it is shown.
 *
 * @param lock Name of the lock.
 * @param sendNext Sends the next batches of the queue.
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
    // Other pages may have added more batches since.
    const added = readBuffered(buffer).slice(buffered.length);
    if (buffered[0]) buffer.write(added[0] && added);
    const settled = queue.recover(unsent);
    sendNext();
    await settled;
    // The next page that recovers must not find settled batches.
    return spool.write();
  };
  const start = async () => navigator.locks?.request(lock, recover) ?? recover();
  start().catch(() => {});
};
