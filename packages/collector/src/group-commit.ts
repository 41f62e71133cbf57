/** Minimum time from one write to the next, in milliseconds. What arrives within it is written together. */
const WRITE_EVERY_MS = 250;

/** Writes what many calls received in one commit: immediately or, within {@link WRITE_EVERY_MS} of the last, later. */
export class GroupCommit<T> {
  readonly #write: (group: T[]) => void;
  #group: T[] = [];
  #pending: Promise<void> | undefined;
  #hasFailed = false;
  #wroteAt = 0;

  /** @param write Writes a group. All calls that wait for the group, and all later ones, receive its error. */
  constructor(write: (group: T[]) => void) {
    this.#write = write;
  }

  /** Whether a write failed. Nothing is written after it. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** The pending write; `undefined` when all is written. It rejects when the write fails, and stays after that. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Adds an item to the next group. */
  add(item: T): void {
    this.#group.push(item);
    this.#pending ??= this.#writeNext();
  }

  async #writeNext(): Promise<void> {
    const remaining = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // The minimum limits the wait after the clock was set back. Without a wait, `add` returns first nevertheless: while
    // there is a pending write, it writes all items.
    await (remaining > 0 ? scheduler.wait(Math.min(remaining, WRITE_EVERY_MS)) : undefined);
    this.#wroteAt = Date.now();
    const group = this.#group;
    this.#group = [];
    try {
      this.#write(group);
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
    this.#pending = undefined;
  }
}
