import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import type { Parcel } from "./parcel.ts";

/** A parcel with its place in the spool: whose it is, and its number there. */
export interface Spooled {
  place: [page: string, number: number];
  parcel: Parcel;
}

/**
 * Unacknowledged parcels in IndexedDB, for the page that comes after this one: a crash costs nothing that was spooled.
 * Where the browser has or gives no storage the parcels live in memory alone, and nothing breaks.
 */
export interface Spool {
  /** Keeps a parcel as it is now. */
  keep(spooled: Spooled): void;
  /** Forgets a parcel, unless more has come to it since. */
  forget(spooled: Spooled): void;
  /** All that this site's pages have spooled. */
  read(): Promise<Spooled[]>;
}

/** The spool of that name. `failed` hears what could not be kept, and why. */
export const createSpool = (name: string, failed: (error: unknown) => void): Spool => {
  let store: UseStore | undefined;
  const attempt = async <R>(mode: IDBTransactionMode, use: (records: IDBObjectStore) => Promise<R>) => {
    try {
      store ??= createStore(name, "spool");
      return await store(mode, use);
    } catch (error) {
      failed(error);
      return undefined;
    }
  };

  return {
    keep: ({ place, parcel }) =>
      void attempt("readwrite", (records) => {
        records.put({ place, parcel }, place);
        // A page that is going away would not live to commit by itself.
        records.transaction.commit();
        return promisifyRequest(records.transaction);
      }),
    forget: ({ place, parcel }) =>
      void attempt("readwrite", async (records) => {
        const kept = await promisifyRequest<Spooled | undefined>(records.get(place));
        if (kept?.parcel.events.length === parcel.events.length) records.delete(place);
      }),
    read: async () => (await attempt("readonly", (records) => promisifyRequest<Spooled[]>(records.getAll()))) ?? [],
  };
};
