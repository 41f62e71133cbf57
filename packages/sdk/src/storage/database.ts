import { Promise } from "../platform.ts";

/**
 * A database in IndexedDB with one object store. The browser may open it late or never, delete it at any time, or abort
 * each transaction. No method throws, and only {@link Database.open} waits.
 */
export interface Database {
  /** Opens the database. Resolves when it is open or cannot be opened; the browser may do neither. */
  open(): Promise<void>;
  /**
   * Begins a transaction for reading and writing. While the database is not open, it returns `undefined`, and opens the
   * database for later calls.
   */
  begin(): IDBObjectStore | undefined;
  /** Closes the database for good after all transactions, even if it opens later. */
  close(): void;
}

/**
 * Creates the connection to a database. Another page that deletes or upgrades the database does not wait for this page:
 * the connection closes, and opens again for the next transaction.
 *
 * @param store Name of the object store, which is created with the database.
 * @param onOpen Called each time the database opens.
 * @param onError Receives each failure.
 */
export const createDatabase = (
  name: string,
  store: string,
  onOpen: () => void,
  onError: (error: unknown) => void,
): Database => {
  let database: IDBDatabase | undefined;
  let opening: Promise<void> | undefined;
  let isClosed = false;

  const disconnect = () => {
    database?.close();
    database = undefined;
  };

  const connect = (resolve: () => void, reject: (error: unknown) => void) => {
    const request = window.indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      database = request.result;
      database.onversionchange = database.onclose = disconnect;
      if (isClosed) disconnect();
      else onOpen();
      resolve();
    };
  };

  const open = async () => {
    if (database || isClosed) return;
    opening ??= new Promise<void>(connect).catch(onError).finally(() => {
      opening = undefined;
    });
    return opening;
  };

  return {
    open,
    begin() {
      try {
        const transaction = database?.transaction(store, "readwrite");
        if (!transaction) return void open();
        transaction.onabort = () => onError(transaction.error);
        return transaction.objectStore(store);
      } catch (error) {
        disconnect();
        onError(error);
        return;
      }
    },
    close() {
      isClosed = true;
      disconnect();
    },
  };
};
