import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { createTimer } from "../sensors/timer.ts";

/** Longest time that a change is in memory only, in milliseconds: what a crash can cost. */
const WRITE_BEHIND_MS = 1_000;

/**
 * Unacknowledged batches in IndexedDB, for the page that comes after this one: a crash costs nothing that was spooled.
 * Where the browser has or gives no storage the batches live in memory alone, and nothing breaks.
 */
export interface Spool {
  /** Stores a batch as it is then, within {@link WRITE_BEHIND_MS}. */
  put(batch: QueuedBatch): void;
  /** Deletes a batch, within {@link WRITE_BEHIND_MS}, unless another page has stored it with more events. */
  remove(batch: QueuedBatch): void;
  /** Writes all changes now, because there may be no later, or another page will read. */
  write(): Promise<unknown>;
  /** Writes all changes, and returns all that this site's pages have spooled; `undefined` where there is no storage. */
  read(): Promise<QueuedBatch[] | undefined>;
  /** Closes the database once all is written, so that it can be deleted. */
  close(): void;
}

/** Creates the spool of that name, or one that keeps nothing. `onError`: gets each reason why nothing can be kept. */
export const createSpool = (name: string | false, onError: (error: unknown) => void): Spool => {
  let store: UseStore | undefined;
  /** Whether each changed batch is to be kept. */
  let changes = new Map<QueuedBatch, boolean>();

  /** Makes all changes, and goes on with the records as they are then, all in one transaction. */
  const transact = async <R>(use: (records: IDBObjectStore) => Promise<R>) => {
    const made = changes;
    changes = new Map();
    writeTimer.stop();
    if (!name) return;
    try {
      store ??= createStore(name, "spool");
      return await store("readwrite", (records) => {
        for (const [batch, isKept] of made) {
          const { tab_id, events } = batch;
          const place = [tab_id, events[0].seq];
          // A version is known by how much is in it: one that has more is a later one of another page, and stays.
          const version = [...place, events.length];
          records.delete(IDBKeyRange.bound(place, version));
          if (isKept) records.put(batch, version);
        }
        return use(records);
      });
    } catch (error) {
      onError(error);
    }
  };

  const write = () =>
    transact(({ transaction }) => {
      // A page that goes away would not live to commit by itself.
      transaction.commit();
      return promisifyRequest(transaction);
    });
  // All changes of a while are one transaction: a page that goes away may live to commit one, but not forty.
  const writeTimer = createTimer(write);

  const change = (batch: QueuedBatch, isKept: boolean) => {
    changes.set(batch, isKept);
    writeTimer.start(WRITE_BEHIND_MS);
  };

  return {
    put: (batch) => change(batch, true),
    remove: (batch) => change(batch, false),
    write,
    read: () => transact((records) => promisifyRequest<QueuedBatch[]>(records.getAll())),
    close: () => store?.("readonly", ({ transaction }) => transaction.db.close()),
  };
};
