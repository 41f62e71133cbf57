import { DatabaseSync } from "node:sqlite";

/** Longest key that a Durable Object stores, in bytes. */
const MAX_KEY_BYTES = 2_048;

/**
 * The key-value storage of a Durable Object, in memory. Like the runtime, it stores copies, and rejects long keys and
 * undefined values.
 */
export class MemoryKv implements SyncKvStorage {
  #values = new Map<string, unknown>();
  /** All read keys, in order. */
  readonly reads: string[] = [];
  /** All written keys, in order. */
  readonly writes: string[] = [];

  get<T>(key: string): T | undefined {
    this.reads.push(checked(key));
    return structuredClone(this.#values.get(key)) as T | undefined;
  }

  put<T>(key: string, value: T): void {
    if (value === undefined) throw new TypeError(`put() called with undefined value under ${key}`);
    this.#values.set(checked(key), structuredClone(value));
    this.writes.push(key);
  }

  /** Runs changes, all of which are undone when they throw. */
  transaction<T>(change: () => T): T {
    const before = new Map(this.#values);
    try {
      return change();
    } catch (error) {
      this.#values = before;
      throw error;
    }
  }

  delete(key: string): boolean {
    return this.#values.delete(checked(key));
  }

  *list<T>({ prefix = "", startAfter, limit = Infinity, ...rest }: SyncKvListOptions = {}): Generator<[string, T]> {
    if (Object.keys(rest).length > 0) throw new Error(`list() with ${Object.keys(rest)} is not implemented`);
    const keys = [...this.#values.keys()]
      .sort()
      .filter((key) => key.startsWith(prefix) && (startAfter === undefined || key > startAfter));
    for (const key of keys.slice(0, limit)) yield [key, structuredClone(this.#values.get(key)) as T];
  }
}

const checked = (key: string): string => {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES) throw new RangeError(`the key ${key} is too long`);
  return key;
};

/** A cursor of the runtime, of which this storage provides the result only. */
const cursorOf = <T>(rows: T[]) =>
  ({ toArray: () => rows, [Symbol.iterator]: () => rows[Symbol.iterator]() }) as unknown as SqlStorageCursor<never>;

/** The storage of a Durable Object, in memory: its key-value part, and its SQL part in Node's SQLite. */
export class MemoryStorage {
  readonly kv = new MemoryKv();
  readonly #database = new DatabaseSync(":memory:");
  /** All SQL statements, in order. */
  readonly statements: string[] = [];

  readonly sql = {
    databaseSize: 0,
    exec: (query: string, ...bindings: (string | number | Uint8Array)[]) => {
      this.statements.push(query);
      return cursorOf(this.#database.prepare(query).all(...bindings));
    },
  } as unknown as SqlStorage;

  transactionSync<T>(change: () => T): T {
    this.#database.exec("SAVEPOINT change");
    try {
      return this.kv.transaction(change);
    } catch (error) {
      this.#database.exec("ROLLBACK TO change");
      throw error;
    } finally {
      this.#database.exec("RELEASE change");
    }
  }
}

/** Returns a storage under the type of the runtime. */
export const asStorage = (storage: MemoryStorage): DurableObjectStorage => storage as unknown as DurableObjectStorage;

/** Returns the storage as one instance of an object sees it, which can no longer access it once the instance stops. */
export const stoppable = (stored: MemoryStorage): { storage: DurableObjectStorage; stop: () => void } => {
  let isStopped = false;
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        if (isStopped) throw new Error("the object has stopped");
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return {
    storage: {
      kv: guarded(stored.kv),
      sql: guarded(stored.sql),
      transactionSync: <T>(change: () => T) => stored.transactionSync(change),
    } as unknown as DurableObjectStorage,
    stop: () => {
      isStopped = true;
    },
  };
};
