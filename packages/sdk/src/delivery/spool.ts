import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import type { Parcel } from "./parcel.ts";

/**
 * Unacknowledged parcels in IndexedDB, for the page that comes after this one: a crash costs nothing that was spooled.
 * Where the browser has or gives no storage the parcels live in memory alone, and nothing breaks.
 */
export interface Spool {
  /** Keeps a parcel as it is now. */
  keep(parcel: Parcel): void;
  /** Forgets a parcel, unless more has come to it since. */
  forget(parcel: Parcel): void;
  /** All that this site's pages have spooled; nothing where it cannot be known. */
  read(): Promise<Parcel[] | undefined>;
}

/** The spool of that name. `failed` hears each time why nothing can be kept. */
export const createSpool = (name: string, failed: (error: unknown) => void): Spool => {
  let store: UseStore | undefined;
  let changes: [parcel: Parcel, isKept: boolean][] = [];

  /** Opens a transaction, makes all changes that wait, and goes on with the records as they are then. */
  const transact = async <R>(use: (records: IDBObjectStore) => Promise<R>) => {
    const made = changes;
    changes = [];
    try {
      store ??= createStore(name, "spool");
      return await store("readwrite", (records) => {
        for (const [parcel, isKept] of made) {
          const { tab_id, events } = parcel;
          const place = [tab_id, events[0].seq];
          // A version is known by how much is in it: one that has more is a later one of another page, and stays.
          const version = [...place, events.length];
          records.delete(IDBKeyRange.bound(place, version));
          if (isKept) records.put(parcel, version);
        }
        return use(records);
      });
    } catch (error) {
      failed(error);
    }
  };

  /** All changes of one turn are one transaction: a page that goes away may live to commit one, but not forty. */
  const change = (parcel: Parcel, isKept: boolean) => {
    if (changes.push([parcel, isKept]) < 2)
      queueMicrotask(() =>
        transact(({ transaction }) => {
          // A page that goes away would not live to commit by itself.
          transaction.commit();
          return promisifyRequest(transaction);
        }),
      );
  };

  return {
    keep: (parcel) => change(parcel, true),
    forget: (parcel) => change(parcel, false),
    read: () => transact((records) => promisifyRequest<Parcel[]>(records.getAll())),
  };
};
