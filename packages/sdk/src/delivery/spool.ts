import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { createTimer } from "../sensors/timer.ts";

/** Longest time that a change is in memory only, in milliseconds. A crash loses the changes of this time. */
const WRITE_BEHIND_MS = 1_000;

/**
 * Unacknowledged batches in IndexedDB, which a later page of the site recovers, even after a crash. Where the browser
 * allows no storage, batches are in memory only, and delivery goes on.
 */
export interface Spool {
  /** Stores a batch within {@link WRITE_BEHIND_MS}, with the events that it has at that time. */
  put(batch: QueuedBatch): void;
  /** Deletes a batch within {@link WRITE_BEHIND_MS}, unless another page has stored it with more events. */
  remove(batch: QueuedBatch): void;
  /** Writes all changes now: the page may be about to end, or another page about to read. */
  write(): Promise<unknown>;
  /** Writes all changes, and returns the batches of all pages of the site; `undefined` where there is no storage. */
  read(): Promise<QueuedBatch[] | undefined>;
  /** Closes the database for good after all writes, so that it can be deleted. */
  close(): unknown;
}

/**
 * Creates a site's spool. `name`: its storage name, `false` when it may store nothing. `onError`: receives each
 * failure.
 */
export const createSpool = (name: string | false, onError: (error: unknown) => void): Spool => {
  let store: UseStore | undefined;
  let isClosed = false;
  /** The batches changed since the last write: `true` to store, `false` to delete. */
  let changes = new Map<QueuedBatch, boolean>();

  /** Writes all changes, then runs `use` on the records, in one transaction. */
  const transact = async <R>(use: (records: IDBObjectStore) => Promise<R>) => {
    const written = changes;
    changes = new Map();
    writeTimer.stop();
    if (!name || isClosed) return;
    try {
      store ??= createStore(name, "spool");
      return await store("readwrite", (records) => {
        for (const [batch, isStored] of written) {
          const { tab_id, events } = batch;
          const id = [tab_id, events[0].seq];
          // The key ends with the number of events. A record with more events is a later version by another page, and
          // stays.
          const version = [...id, events.length];
          records.delete(IDBKeyRange.bound(id, version));
          if (isStored) records.put(batch, version);
        }
        return use(records);
      });
    } catch (error) {
      onError(error);
    }
  };

  const write = () =>
    transact(({ transaction }) => {
      // A page that is being left may end before the automatic commit.
      transaction.commit();
      return promisifyRequest(transaction);
    });
  // Batches changes into one transaction: a page that is being left has time to commit one, but not forty.
  const writeTimer = createTimer(write);

  const change = (batch: QueuedBatch, isStored: boolean) => {
    changes.set(batch, isStored);
    writeTimer.start(WRITE_BEHIND_MS);
  };

  return {
    put: (batch) => change(batch, true),
    remove: (batch) => change(batch, false),
    write,
    read: () => transact((records) => promisifyRequest<QueuedBatch[]>(records.getAll())),
    close() {
      isClosed = true;
      return store?.("readonly", ({ transaction }) => transaction.db.close());
    },
  };
};
