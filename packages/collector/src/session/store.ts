import { Row, type Stored } from "./row.ts";

/** Least time from one write of the row to the next, in milliseconds: a session that gets many batches at once writes once for them. */
const WRITE_EVERY_MS = 2;

/**
 * A session's state: read once, kept in memory, and written at once, or together with what arrives within a few milliseconds
 * when the row was written just now.
 */
export class SessionStore {
  readonly #row: Row;
  readonly #renew: (stored: Stored) => void;
  #stored: Stored | undefined;
  #wroteAt = 0;
  /** A write that batches wait for. */
  #due: { stored: Stored; written: Promise<void> } | undefined;

  /** @param renew Adapts what another instance stored, which may have had other definitions. */
  constructor(storage: DurableObjectStorage, renew: (stored: Stored) => void) {
    this.#row = new Row(storage);
    this.#renew = renew;
  }

  /** The state; `undefined` when the session has none. */
  load(): Stored | undefined {
    if (!this.#stored) {
      this.#stored = this.#row.read();
      if (this.#stored) this.#renew(this.#stored);
    }
    return this.#stored;
  }

  /** Changes the state in memory. When the change throws, what was stored counts. */
  change<T>(stored: Stored, change: () => T): T {
    this.#stored = undefined;
    const result = change();
    this.#stored = stored;
    return result;
  }

  /** Writes the state. */
  write(stored: Stored): void {
    this.change(stored, () => this.#row.write(stored));
    this.#wroteAt = Date.now();
  }

  /**
   * Writes the state at once, or together with later changes when the row was written just now.
   *
   * @returns When it will be written, if that is not yet. Rejects when it could not be, or a batch that came meanwhile failed.
   */
  commit(stored: Stored): Promise<void> | undefined {
    if (this.#due?.stored === stored) return this.#due.written;
    const early = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // Not for longer, whatever the clock does.
    if (early <= 0 || early > WRITE_EVERY_MS) {
      this.write(stored);
      return undefined;
    }
    const due = { stored, written: this.#writeLater(stored, early) };
    this.#due = due;
    const settled = () => {
      if (this.#due === due) this.#due = undefined;
    };
    due.written.then(settled, settled);
    return due.written;
  }

  /** Waits for a write that is due. Never rejects. */
  async settle(): Promise<void> {
    await this.#due?.written.catch(() => {});
  }

  async #writeLater(stored: Stored, ms: number): Promise<void> {
    await scheduler.wait(ms);
    if (this.#stored !== stored) throw new Error("another batch failed before this one was stored");
    this.write(stored);
  }
}
