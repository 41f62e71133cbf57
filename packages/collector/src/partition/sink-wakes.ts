import type { JournalPlace } from "../entities/journal.ts";
import { withinTime } from "../within-time.ts";

/**
 * Minimum times from one call to the next, in milliseconds, by the number of records that wait. On a quiet site the calls and
 * the commits of a sink cost more than its records.
 */
const PAUSES = [
  { records: 128, ms: 500 },
  { records: 16, ms: 5_000 },
] as const;

/** Time from one call to the next, in milliseconds, after which any record is announced. */
const LONGEST_PAUSE_MS = 10_000;

/** Time after which a call without a response does not hold up the next calls of other sinks, in milliseconds. */
const RESPOND_WITHIN_MS = 1_000;

/** Time after which a call is repeated that may have failed, in milliseconds. */
const AGAIN_MS = 60_000;

// It differs from all keys of entities, which contain a colon.
const STARTS = "sinks";

const startsIn = (kv: SyncKvStorage): Record<string, number> => kv.get<Record<string, number>>(STARTS) ?? {};

/** The position of the stream when the partition first had a sink; `undefined` for an unknown sink. */
export const startOf = (kv: SyncKvStorage, sink: string): number | undefined => {
  const starts = startsIn(kv);
  return Object.hasOwn(starts, sink) ? starts[sink] : undefined;
};

/**
 * The calls with which a partition informs its site's sinks that there are records. The calls have no record, only
 * the place of the latest one, and do not wait for the sinks.
 */
export class SinkWakes {
  readonly #latest: () => JournalPlace;
  readonly #wake: (sink: string, latest: JournalPlace) => Promise<void>;
  /** The position of the stream at the latest call of each sink. After a restart each sink is called once. */
  readonly #woken: Map<string, number>;
  /** The sinks that have not responded to a call yet. */
  readonly #called = new Set<string>();
  #running: Promise<number | undefined> | undefined;
  /** The time of the latest calls, and the number of records at that time. */
  #previous = { at: 0, records: 0 };

  /**
   * Stores where new sinks begin.
   *
   * @param latest Returns the place of the stream's latest entry.
   * @param wake Calls a sink with the place of the latest entry. It rejects unless the sink was reached.
   */
  constructor(
    kv: SyncKvStorage,
    sinks: readonly string[],
    latest: () => JournalPlace,
    wake: (sink: string, latest: JournalPlace) => Promise<void>,
  ) {
    this.#latest = latest;
    this.#wake = wake;
    this.#woken = new Map(sinks.map((sink) => [sink, -1]));
    const starts = startsIn(kv);
    const added = sinks.filter((sink) => !Object.hasOwn(starts, sink));
    if (added.length === 0) return;
    const { position } = latest();
    kv.put(STARTS, { ...starts, ...Object.fromEntries(added.map((sink) => [sink, position])) });
  }

  /** The time at which an alarm calls the sinks for a record that arrives now, whatever happens before. */
  alarmAt(now: number): number {
    const at = this.#after(LONGEST_PAUSE_MS, now);
    return at > now ? at : now + AGAIN_MS;
  }

  /**
   * The time of the next alarm in a steady flow of records, when one has fired; `undefined` without such a flow. Records that
   * arrive meanwhile then need no other alarm.
   */
  alarmAfterAlarm(now: number): number | undefined {
    const at = this.#after(LONGEST_PAUSE_MS, now);
    if (at > now) return at;
    const { position } = this.#latest();
    // After a restart it is unknown whether a sink was called.
    const isBehind = [...this.#woken.values()].some((woken) => woken >= 0 && woken < position);
    return isBehind ? now + LONGEST_PAUSE_MS : undefined;
  }

  /**
   * Calls the sinks until they know of the latest entry. It waits only for the time of the next calls while many records wait:
   * an object that waits costs more than an alarm. Never rejects.
   *
   * @returns The time of the next calls for an alarm, in UTC milliseconds; `undefined` if all sinks have responded.
   */
  wake(): Promise<number | undefined> {
    this.#running ??= this.#wakeAll();
    return this.#running;
  }

  async #wakeAll(): Promise<number | undefined> {
    // Without it, the function could end before `#running` is set, which would then stay set.
    await undefined;
    try {
      for (let pending = this.#pending(); pending.length > 0; pending = this.#pending()) {
        const now = Date.now();
        const due = this.#after(this.#pauseMs, now);
        if (due > now && this.#pauseMs > PAUSES[0].ms) return this.#after(LONGEST_PAUSE_MS, now);
        if (due > now) await scheduler.wait(due - now);
        this.#previous = { at: Date.now(), records: this.#latest().record_count };
        const calls = pending.map((sink) => withinTime(this.#call(sink), RESPOND_WITHIN_MS));
        const reached = await Promise.all(calls);
        if (!reached.every(Boolean)) return Date.now() + AGAIN_MS;
      }
      // A call without a response may still fail.
      return this.#called.size > 0 ? Date.now() + AGAIN_MS : undefined;
    } finally {
      this.#running = undefined;
    }
  }

  /** The pause for the number of records that wait, in milliseconds. */
  get #pauseMs(): number {
    const waiting = this.#latest().record_count - this.#previous.records;
    return PAUSES.find(({ records }) => waiting >= records)?.ms ?? LONGEST_PAUSE_MS;
  }

  /** The end of a pause after the latest calls, in UTC milliseconds. */
  #after(pauseMs: number, now: number): number {
    // The minimum limits the wait after the clock was set back.
    return Math.min(this.#previous.at + pauseMs, now + pauseMs);
  }

  #pending(): string[] {
    const { position } = this.#latest();
    const behind = [...this.#woken].filter(([, woken]) => woken < position).map(([sink]) => sink);
    return behind.filter((sink) => !this.#called.has(sink));
  }

  async #call(sink: string): Promise<boolean> {
    const latest = this.#latest();
    this.#called.add(sink);
    try {
      await this.#wake(sink, latest);
      this.#woken.set(sink, latest.position);
      return true;
    } catch (error) {
      console.error(`a partition could not call its sink ${sink}; it tries again`, error);
      return false;
    } finally {
      this.#called.delete(sink);
    }
  }
}
