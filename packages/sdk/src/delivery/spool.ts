import type { QueuedBatch } from "../events/queued-batch.ts";
import { guard } from "../guard.ts";
import { IDBKeyRange, Map, Number, Promise } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { createTimer } from "../sensors/timer.ts";
import { createDatabase } from "../storage/database.ts";
import { isBatch, isIn } from "./batch.ts";

/** Longest time that a change is in memory only, in milliseconds. A crash loses the changes of this time. */
const WRITE_BEHIND_MS = 1_000;

/** Time after which other pages may claim a batch whose claim was not renewed, in milliseconds. */
export const CLAIM_MS = 60_000;

/**
 * Position of the end of the claim in the key of a record: after the tab, the first sequence number and the number of
 * events of its batch. The key of a batch that no page has claimed is shorter.
 */
const CLAIM_PART = 3;

/** The result of a claim. */
interface Claim {
  /** The batches that this page has newly claimed. */
  batches: QueuedBatch[];
  /** Whether any page, this one included, has claimed a batch of the spool. */
  isAnyClaimed: boolean;
}

/**
 * Unacknowledged batches in IndexedDB, which a later page of the site recovers, even after a crash. Where the browser
 * allows no storage, or does not open it, batches are in memory only, and delivery goes on.
 */
export interface Spool {
  /** Stores a batch within {@link WRITE_BEHIND_MS}, with the events that it has at that time. This ends its claim. */
  put(batch: QueuedBatch): void;
  /** Deletes a batch within {@link WRITE_BEHIND_MS}, unless another page has stored it with more events. */
  remove(batch: QueuedBatch): void;
  /** Writes all changes now: the page may be about to end. */
  write(): void;
  /**
   * Writes all changes, then claims batches for {@link CLAIM_MS}, so that only one page at a time sends what other pages
   * have left. A lock with the same effect would bar the page from the back-forward cache.
   *
   * @param holds Whether this page has a batch already: its own batches are not claimed, claims of others are renewed.
   * @param isFirst Whether to claim batches without a claim too, and not only those whose claim is over.
   * @param added Returns batches to store and claim in the same transaction.
   * @returns `undefined` where there is no storage. The browser may never settle the promise.
   */
  claim(
    holds: (batch: QueuedBatch) => boolean,
    isFirst: boolean,
    added: () => QueuedBatch[],
  ): Promise<Claim | undefined>;
  /** Writes all changes, and closes the database, so that it can be deleted. */
  close(): void;
}

/**
 * Creates a site's spool. `name`: its storage name, `false` when it may store nothing. `onError`: receives each
 * failure.
 */
export const createSpool = (name: string | false, onError: (error: unknown) => void): Spool => {
  /** The batches changed since the last write: `true` to store, `false` to delete. */
  let changes = new Map<QueuedBatch, boolean>();

  /**
   * Deletes the record of a batch, and with `claim` stores it again: with the end of its claim, or `[]` for no claim. A
   * record with more events is a later version by another page, and stays.
   */
  const replace = (records: IDBObjectStore, batch: QueuedBatch, claim: number[] | false) => {
    const { tab_id, events } = batch;
    const id = [tab_id, events[0].seq];
    const version = [...id, events.length];
    try {
      records.delete(IDBKeyRange.bound(id, [...version, Number.POSITIVE_INFINITY]));
      if (claim) records.put(batch, [...version, ...claim]);
    } catch (error) {
      // Any script of the origin can write to the unload buffer: a value that is no batch has no valid key.
      onError(error);
    }
  };

  /** Begins a transaction with all changes. Where there is no storage, they wait for it. */
  const begin = (): IDBObjectStore | undefined => {
    writeTimer.stop();
    const records = database?.begin();
    if (!records) {
      // A batch that no database has need not be deleted.
      for (const [batch, isStored] of changes) if (!isStored) changes.delete(batch);
      return;
    }
    for (const [batch, isStored] of changes) replace(records, batch, isStored && []);
    changes = new Map();
    return records;
  };
  // A page that is being left may end before the automatic commit.
  const write = () => begin()?.transaction.commit();
  // Batches changes into one transaction: a page that is being left has time to commit one, but not forty.
  const writeTimer = createTimer(write);
  const database = name ? createDatabase(name, "spool", write, onError) : undefined;

  const change = (batch: QueuedBatch, isStored: boolean) => {
    changes.set(batch, isStored);
    writeTimer.start(WRITE_BEHIND_MS);
  };

  return {
    put: (batch) => change(batch, true),
    remove: (batch) => change(batch, false),
    write,
    async claim(holds, isFirst, added) {
      await database?.open();
      const records = begin();
      if (!records) return;
      const claim: Claim = { batches: [], isAnyClaimed: false };
      const time = now();
      const take = (batch: QueuedBatch) => {
        replace(records, batch, [time + CLAIM_MS]);
        claim.isAnyClaimed = true;
        if (!holds(batch) && !isIn(claim.batches, batch)) claim.batches.push(batch);
      };
      const values: IDBRequest<QueuedBatch[]> = records.getAll();
      const keys = records.getAllKeys();
      keys.onsuccess = guard(() => {
        let index = -1;
        // Not by `entries` or `forEach`, which old libraries replace.
        for (const batch of values.result) {
          index += 1;
          if (!isBatch(batch)) continue;
          const claimedUntil = (keys.result[index] as number[])[CLAIM_PART] ?? 0;
          // A claim that ends later than a new one is by a page whose clock is ahead.
          const isFree = claimedUntil ? claimedUntil <= time || claimedUntil > time + CLAIM_MS : isFirst;
          if (holds(batch) ? claimedUntil : isFree) take(batch);
          claim.isAnyClaimed ||= !!claimedUntil;
        }
        for (const batch of added()) take(batch);
      });
      return new Promise((resolve) => {
        records.transaction.addEventListener("complete", () => resolve(claim));
        records.transaction.addEventListener("abort", () => resolve(undefined));
      });
    },
    close() {
      write();
      database?.close();
    },
  };
};
