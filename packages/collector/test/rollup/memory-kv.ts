/** Longest key that a Durable Object stores, in bytes. */
const MAX_KEY_BYTES = 2_048;

/**
 * The key-value storage of a Durable Object, in memory. Like the runtime, it stores copies, and rejects long keys and
 * undefined values.
 */
export class MemoryKv implements SyncKvStorage {
  readonly #values = new Map<string, unknown>();
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

  delete(key: string): boolean {
    return this.#values.delete(checked(key));
  }

  *list<T>(options?: SyncKvListOptions): Generator<[string, T]> {
    if (options) throw new Error("list() with options is not implemented");
    for (const key of [...this.#values.keys()].sort()) yield [key, structuredClone(this.#values.get(key)) as T];
  }
}

const checked = (key: string): string => {
  if (new TextEncoder().encode(key).length > MAX_KEY_BYTES) throw new RangeError(`the key ${key} is too long`);
  return key;
};
