import { Row, type StoredSession } from "./row.ts";

/**
 * Minimum time from one write of the row to the next, in milliseconds. A session writes once for all batches in this
 * time.
 */
const WRITE_EVERY_MS = 2;

/** An error of the storage of a session or its shards, as opposed to a defect. The same call may succeed later. */
export class StorageError extends Error {
  override name = "StorageError";
}

/** Runs an access to the storage. @throws StorageError when it fails. */
const accessing = <T>(access: () => T): T => {
  try {
    return access();
  } catch (cause) {
    throw new StorageError("the storage of a session failed", { cause });
  }
};

/**
 * The state of a session, read once and kept in memory. It is written immediately or, within {@link WRITE_EVERY_MS} of
 * the last write, together with later changes.
 */
export class SessionStore {
  readonly #row: Row;
  readonly #restore: (stored: StoredSession) => void;
  #stored: StoredSession | undefined;
  #wroteAt = 0;
  /** The pending write that batches wait for. */
  #pendingWrite: { stored: StoredSession; written: Promise<void> } | undefined;

  /** @param restore Adapts a state that another instance stored, possibly with other definitions. */
  constructor(storage: DurableObjectStorage, restore: (stored: StoredSession) => void) {
    this.#row = new Row(storage);
    this.#restore = restore;
  }

  /** Returns the state; `undefined` for a session without a stored one. @throws StorageError, or the error of `restore`. */
  load(): StoredSession | undefined {
    if (!this.#stored) {
      const stored = accessing(() => this.#row.read());
      if (stored) this.#restore(stored);
      this.#stored = stored;
    }
    return this.#stored;
  }

  /** Changes the state in memory. After a change that throws, the next load reads the stored state again. */
  change<T>(stored: StoredSession, change: () => T): T {
    this.#stored = undefined;
    const result = change();
    this.#stored = stored;
    return result;
  }

  /** Writes the state. @throws StorageError */
  write(stored: StoredSession): void {
    this.change(stored, () => accessing(() => this.#row.write(stored)));
    this.#wroteAt = Date.now();
  }

  /**
   * Writes the state immediately or, within {@link WRITE_EVERY_MS} of the last write, together with later changes.
   *
   * @returns A promise of the pending write, which rejects with a StorageError when the write or a later batch fails;
   * `undefined` after a write.
   * @throws StorageError
   */
  commit(stored: StoredSession): Promise<void> | undefined {
    if (this.#pendingWrite?.stored === stored) return this.#pendingWrite.written;
    const remaining = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // `remaining` is too large after the clock was set back.
    if (remaining <= 0 || remaining > WRITE_EVERY_MS) {
      this.write(stored);
      return undefined;
    }
    const pending = { stored, written: this.#writeLater(stored, remaining) };
    this.#pendingWrite = pending;
    const clear = () => {
      if (this.#pendingWrite === pending) this.#pendingWrite = undefined;
    };
    pending.written.then(clear, clear);
    return pending.written;
  }

  /** Deletes the state. The object then has nothing stored. */
  delete(): Promise<void> {
    this.#stored = undefined;
    return this.#row.deleteAll();
  }

  /** Waits for the pending write. Never rejects. */
  async whenWritten(): Promise<void> {
    await this.#pendingWrite?.written.catch(() => {});
  }

  async #writeLater(stored: StoredSession, ms: number): Promise<void> {
    await scheduler.wait(ms);
    if (this.#stored !== stored) throw new StorageError("a later batch failed before this one was stored");
    this.write(stored);
  }
}
