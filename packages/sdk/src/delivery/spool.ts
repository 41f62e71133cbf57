import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import { createTimer } from "../sensors/timer.ts";
import type { Parcel } from "./parcel.ts";

/** Longest time that a change is in memory only, in milliseconds: what a crash can cost. */
const WRITE_BEHIND_MS = 1_000;

/**
 * Unacknowledged parcels in IndexedDB, for the page that comes after this one: a crash costs nothing that was spooled.
 * Where the browser has or gives no storage the parcels live in memory alone, and nothing breaks.
 */
export type Spool = [
  /** Keeps a parcel as it is, or forgets it, unless more has come to it since, within {@link WRITE_BEHIND_MS}. */
  spool: (parcel: Parcel, isKept: boolean) => void,
  /** Writes all changes now, because there may be no later, or somebody will read. */
  write: () => Promise<unknown>,
  /** Keeps these parcels, and gives all that this site's pages have spooled; nothing where it cannot be known. */
  read: (more: Parcel[]) => Promise<Parcel[] | undefined>,
  /** Lets go of the database once all is written, so that it can be deleted. */
  close: () => void,
];

/** The spool of that name, or one that keeps nothing. `failed` hears each time why nothing can be kept. */
export const createSpool = (name: string | false, failed: (error: unknown) => void): Spool => {
  let store: UseStore | undefined;
  let changes = new Map<Parcel, boolean>();

  /** Makes changes, and goes on with the records as they are then, all in one transaction. */
  const transact = async <R>(
    made: Iterable<[parcel: Parcel, isKept: boolean]>,
    use: (records: IDBObjectStore) => Promise<R>,
  ) => {
    if (!name) return;
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

  const write = () => {
    const made = changes;
    changes = new Map();
    stopWriting();
    return transact(made, ({ transaction }) => {
      // A page that goes away would not live to commit by itself.
      transaction.commit();
      return promisifyRequest(transaction);
    });
  };
  // All changes of a while are one transaction: a page that goes away may live to commit one, but not forty.
  const [startWriting, stopWriting] = createTimer(write);

  const change = (parcel: Parcel, isKept: boolean) => {
    changes.set(parcel, isKept);
    startWriting(WRITE_BEHIND_MS);
  };

  return [
    change,
    write,
    (more) =>
      transact(
        more.map((parcel) => [parcel, true]),
        (records) => promisifyRequest<Parcel[]>(records.getAll()),
      ),
    () => store?.("readonly", ({ transaction }) => transaction.db.close()),
  ];
};
