import type { StateLayouts } from "@tidemark/engine";
import type { EntityRow } from "../entities/merge.ts";
import type { EntityKey, Push } from "../entities/push.ts";

/** A push to a shard, and the begin of its deltas: their position in the journal, and their time. */
interface Outgoing extends PushBegin {
  push: Push;
}

/** The begin of a push: the position in the journal before its deltas, and UTC milliseconds of the first one's arrival. */
interface PushBegin {
  after: number;
  since: number;
}

/** Largest number of pushes in one call. */
const MAX_PUSHES = 8;

/** Shortest and longest time from a failed call to the next one, in milliseconds. It doubles with each failure. */
const RETRY_MS = { first: 1_000, longest: 60_000 };

/** The state of an entity as the delta of a push. */
export const encodeDelta = ({ engine: { cells, event_time, signals, late, too_late }, anonymous_ids }: EntityRow) => ({
  cells,
  event_time,
  ...(signals !== undefined && { signals }),
  ...(late > 0 && { late }),
  ...(too_late > 0 && { too_late }),
  ...(anonymous_ids.length > 0 && { anonymous_ids }),
});

/** The pushes of a partition to one shard that the shard has not confirmed. It sends one request at a time. */
export class OutgoingPushes {
  readonly #send: (text: string) => Promise<void>;
  readonly #layouts: StateLayouts;
  #pushes: Outgoing[] = [];
  #sending: Promise<void> | undefined;
  #failures = 0;
  #retryAt = 0;

  constructor(send: (text: string) => Promise<void>, layouts: StateLayouts) {
    this.#send = send;
    this.#layouts = layouts;
  }

  /** The position after which the first unconfirmed push begins; `undefined` when all are confirmed. */
  get unconfirmedAfter(): number | undefined {
    return this.#pushes[0]?.after;
  }

  /** UTC milliseconds at which the first unconfirmed delta arrived; `undefined` when all are confirmed. */
  get unconfirmedSince(): number | undefined {
    return this.#pushes[0]?.since;
  }

  /** Adds the deltas between two positions of the journal. The later position is the number of the push. */
  add(n: number, begin: PushBegin, rows: Iterable<[EntityKey, EntityRow]>): void {
    const deltas: Push["deltas"] = {};
    for (const [key, row] of rows) deltas[key] = encodeDelta(row);
    this.#pushes.push({ push: { n, deltas }, ...begin });
  }

  /** Sends all pushes, unless a call failed recently. Never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Whether a call failed recently. After the clock was set back, the next attempt seems far away. */
  get #isWaiting(): boolean {
    const remaining = this.#retryAt - Date.now();
    return remaining > 0 && remaining <= RETRY_MS.longest;
  }

  async #sendAll(): Promise<void> {
    while (this.#pushes.length > 0 && !this.#isWaiting) {
      const sent = this.#pushes.slice(0, MAX_PUSHES);
      const text = JSON.stringify(sent.map(({ push }, index) => (index ? push : { ...push, layouts: this.#layouts })));
      try {
        await this.#send(text);
        this.#pushes = this.#pushes.slice(sent.length);
        this.#failures = 0;
      } catch (error) {
        console.error("a shard could not be reached; the partition tries again", error);
        this.#retryAt = Date.now() + Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures);
        this.#failures += 1;
      }
    }
  }
}
