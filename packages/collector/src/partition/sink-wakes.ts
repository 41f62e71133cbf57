/** Minimum time from one call to the next, in milliseconds. */
const WAKE_EVERY_MS = 1_000;

// It differs from all keys of entities, which contain a colon.
const STARTS = "sinks";

const startsIn = (kv: SyncKvStorage): Record<string, number> => kv.get<Record<string, number>>(STARTS) ?? {};

/** The position of the stream when the partition first had a sink; `undefined` for an unknown sink. */
export const startOf = (kv: SyncKvStorage, sink: string): number | undefined => {
  const starts = startsIn(kv);
  return Object.hasOwn(starts, sink) ? starts[sink] : undefined;
};

/**
 * The calls with which a partition informs its site's sinks that there are records. The calls carry no record, and do not wait
 * for the sinks.
 */
export class SinkWakes {
  readonly #position: () => number;
  readonly #wake: (sink: string) => Promise<void>;
  /** The position of the stream at the latest call of each sink. After a restart each sink is called once. */
  readonly #woken: Map<string, number>;
  #running: Promise<boolean> | undefined;
  #wokeAt = 0;

  /**
   * Stores where new sinks begin.
   *
   * @param position Returns the position of the stream's latest entry.
   * @param wake Calls a sink. It rejects unless the sink was reached.
   */
  constructor(
    kv: SyncKvStorage,
    sinks: readonly string[],
    position: () => number,
    wake: (sink: string) => Promise<void>,
  ) {
    this.#position = position;
    this.#wake = wake;
    this.#woken = new Map(sinks.map((sink) => [sink, -1]));
    const starts = startsIn(kv);
    const added = sinks.filter((sink) => !Object.hasOwn(starts, sink));
    if (added.length === 0) return;
    kv.put(STARTS, { ...starts, ...Object.fromEntries(added.map((sink) => [sink, position()])) });
  }

  /**
   * Calls the sinks, at most once in {@link WAKE_EVERY_MS}, until they know of the latest entry. A sink that cannot be
   * reached is called again with the next entry, or by the partition's alarm. Never rejects.
   *
   * @returns Whether all sinks were reached.
   */
  wake(): Promise<boolean> {
    this.#running ??= this.#wakeAll();
    return this.#running;
  }

  async #wakeAll(): Promise<boolean> {
    try {
      for (let pending = this.#pending(); pending.length > 0; pending = this.#pending()) {
        const remaining = this.#wokeAt + WAKE_EVERY_MS - Date.now();
        // The minimum limits the wait after the clock was set back.
        if (remaining > 0) await scheduler.wait(Math.min(remaining, WAKE_EVERY_MS));
        this.#wokeAt = Date.now();
        const reached = await Promise.all(pending.map((sink) => this.#call(sink)));
        if (reached.includes(false)) return false;
      }
      return true;
    } finally {
      this.#running = undefined;
    }
  }

  #pending(): string[] {
    const position = this.#position();
    return [...this.#woken].filter(([, woken]) => woken < position).map(([sink]) => sink);
  }

  async #call(sink: string): Promise<boolean> {
    const position = this.#position();
    try {
      await this.#wake(sink);
      this.#woken.set(sink, position);
      return true;
    } catch (error) {
      console.error(`a partition could not call its sink ${sink}; it tries again`, error);
      return false;
    }
  }
}
