/** Longest key that a Durable Object stores, in bytes. */
const MAX_KEY_BYTES = 2_048;

/**
 * A Durable Object's storage of keys and values, in memory: it keeps copies, as the runtime does, and refuses what the runtime
 * refuses.
 */
export class MemoryKv implements SyncKvStorage {
  readonly #values = new Map<string, unknown>();
  /** Keys that were read, in order. */
  readonly reads: string[] = [];
  /** Keys that were written, in order. */
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

  delete(key: string): boolean {
    return this.#values.delete(checked(key));
  }

  *list<T>(options?: SyncKvListOptions): Generator<[string, T]> {
    if (options) throw new Error("list() with options is not needed by these tests");
    for (const key of [...this.#values.keys()].sort()) yield [key, structuredClone(this.#values.get(key)) as T];
  }
}

const checked = (key: string): string => {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES) throw new RangeError(`the key ${key} is too long`);
  return key;
};
