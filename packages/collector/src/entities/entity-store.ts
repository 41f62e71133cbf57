import type { Definitions } from "../compile-features.ts";
import type { DaysToLive } from "../config.ts";
import { GroupCommit } from "../group-commit.ts";
import { recordsAfter } from "../records/frames.ts";
import type { Journal, Received } from "./journal.ts";
import { LastSeen, type Listed, type Place } from "./last-seen.ts";
import { Ledger, type ListedSenders } from "./ledger.ts";
import { decodeDeltas, type EntityRow, mergeInto } from "./merge.ts";
import { type EntityKey, type Push, type Sender, textOfNew } from "./push.ts";
import { EntityRows } from "./rows.ts";

/** Length of the rows in characters from which one call returns no more of them: the platform limits a call to 32 MB. */
export const MAX_ANSWER = 4_000_000;

/** Time from one deletion of expired rows to the next, in milliseconds. */
const DELETE_EVERY_MS = 86_400_000;

// It differs from all keys of entities, which contain a colon.
const DELETED_AT = "deleted_at";

/**
 * The entities of one object: it merges the pushes of many senders into one row for each user, page or custom entity.
 *
 * A sender repeats each push until it is confirmed, and a repeated push changes nothing: the ledger knows the number of
 * the sender's latest push.
 *
 * Pushes are written to a journal, with one entry for all that arrive together. When the journal is full, the store writes
 * its changed rows, so that a row that many pushes change is written once.
 */
export class EntityStore {
  readonly rows: EntityRows;
  readonly #ledger: Ledger;
  readonly #lastSeen: LastSeen;
  readonly #storage: DurableObjectStorage;
  readonly #definitions: Definitions;
  readonly #journal: Journal;
  readonly #canExpire: boolean;
  readonly #commit = new GroupCommit<Received>((group) => this.#write(group));

  /**
   * Replays the journal.
   *
   * @param onSetAside Called for each row that cannot be written.
   * @param daysToLive Default: no entity expires.
   */
  constructor(
    storage: DurableObjectStorage,
    definitions: Definitions,
    journal: Journal,
    onSetAside: (key: EntityKey, reason: string) => void,
    daysToLive: DaysToLive = {},
  ) {
    this.#storage = storage;
    this.#definitions = definitions;
    this.#canExpire = Object.keys(daysToLive).length > 0;
    this.rows = new EntityRows(storage, definitions, onSetAside, daysToLive);
    this.#ledger = new Ledger(storage.kv);
    this.#lastSeen = new LastSeen(storage.kv);
    this.#journal = journal;
    for (const { received } of this.#journal.replay())
      for (const each of received) this.#merge(each, JSON.parse(each.text));
  }

  /**
   * Whether a write failed. What is in memory then differs from what is stored: create another store from the stored
   * values. All calls of this one reject.
   */
  get hasFailed(): boolean {
    return this.#commit.hasFailed;
  }

  /**
   * Merges a sender's pushes. Resolves when they are durable. It skips a push if that push or a later one was merged
   * before.
   *
   * @param text The pushes as JSON. A text costs less to transfer and to write than its value.
   * @param records The records that came with the pushes.
   */
  async apply(sender: Sender, text: string, pushes: readonly Push[], records?: Uint8Array): Promise<void> {
    const after = this.#ledger.latest(sender) ?? 0;
    if ((pushes.at(-1)?.n ?? 0) > after) {
      const received = {
        ...{ sender, after, text: textOfNew(text, pushes, after), at: Date.now() },
        records: records && recordsAfter(records, after),
      };
      this.#merge(received, pushes);
      this.#commit.add(received);
    }
    await this.#commit.pending;
  }

  /** The number of a sender's latest push; `undefined` for an unknown sender. */
  latest(sender: Sender): number | undefined {
    return this.#ledger.latest(sender);
  }

  /** Notes that a push of an unknown sender, and all before it, were merged. */
  noteMerged(sender: Sender, n: number): void {
    this.#ledger.record(sender, n);
  }

  /**
   * Returns the row of an entity, including pushes that are not written yet; `undefined` if it has none. An expired row is
   * returned until it is deleted.
   */
  read(key: EntityKey): EntityRow | undefined {
    const row = this.rows.get(key);
    this.rows.trim();
    return row;
  }

  /**
   * Returns the rows of the first of some entities as JSON, as many as one call transfers, as {@link read} does; `null` for
   * an entity without one.
   */
  readAll(keys: readonly EntityKey[]): (string | null)[] {
    const texts: (string | null)[] = [];
    let characters = 0;
    for (const key of keys) {
      const row = this.read(key);
      const text = row ? JSON.stringify(row) : null;
      texts.push(text);
      characters += text?.length ?? 0;
      if (characters > MAX_ANSWER) break;
    }
    return texts;
  }

  /** The time of the next {@link deleteExpired}, in UTC milliseconds; `undefined` if no entity expires. */
  get deletesAt(): number | undefined {
    if (!this.#canExpire) return undefined;
    const deletedAt = this.#storage.kv.get<number>(DELETED_AT) ?? 0;
    // It is in the future after the clock was set back.
    return deletedAt > Date.now() ? 0 : deletedAt + DELETE_EVERY_MS;
  }

  /** Deletes the rows that have expired, if {@link deletesAt} is over. */
  async deleteExpired(): Promise<void> {
    if ((this.deletesAt ?? Number.POSITIVE_INFINITY) > Date.now()) return;
    this.#storage.kv.put(DELETED_AT, Date.now());
    await this.whenWritten();
    // A journal with pushes of a deleted row would store it again.
    this.#writeRows();
    for (let after: string | undefined = ""; after !== undefined && !this.hasFailed; await scheduler.wait(0)) {
      const startAfter: string = after;
      after = this.#storage.transactionSync(() => this.rows.deleteExpired(Date.now(), startAfter));
    }
  }

  /** Resolves when every push is durable. */
  async whenWritten(): Promise<void> {
    while (this.#commit.pending) await this.#commit.pending;
  }

  /**
   * Deletes all rows, once every push is durable. Later pushes begin each entity anew.
   *
   * @param read Reads what belongs to the moment of the deletion: no push is merged in between.
   */
  async clear<T>(read: () => T): Promise<T> {
    while (this.#commit.pending) await this.#commit.pending;
    this.#storage.transactionSync(() => {
      this.rows.clear();
      this.#lastSeen.clear();
      this.#ledger.write();
      this.#journal.writeConsumed();
    });
    this.#ledger.markWritten();
    this.#journal.consume(this.#journal.position);
    return read();
  }

  /** Writes all rows, together with further changes, after {@link whenWritten}. The store is of no use afterwards. */
  close(further: () => void): void {
    this.#writeRows(() => {
      this.#lastSeen.clear();
      further();
    });
  }

  /**
   * Stores rows of entities that have none, from the texts of their rows elsewhere. Call it in a transaction.
   */
  adopt(given: readonly [key: EntityKey, texts: string[]][]): void {
    const missing = given.filter(([key]) => !this.rows.has(key));
    this.#lastSeen.add(
      missing.flatMap(([key, texts]) => [this.rows.adopt(key, texts)].filter((seen) => seen !== undefined)),
      Date.now(),
    );
  }

  /** The next entities after a place with an event since a time, as {@link LastSeen.list} returns them. */
  activeSince(entity: string, since: number, after: Place, limit: number): Listed {
    return this.#lastSeen.list(entity, since, after, limit, this.rows);
  }

  /** The next senders with a push since a time, as {@link Ledger.activeSince} returns them. */
  sendersSince(since: number, after: string, limit: number): ListedSenders {
    return this.#ledger.activeSince(since, after, limit);
  }

  /** The number of senders that are open sessions, as {@link Ledger.countOpen} returns it. */
  get openSenders(): number {
    return this.#ledger.countOpen();
  }

  #writeRows(further: () => void = () => {}): void {
    this.#storage.transactionSync(() => {
      this.#lastSeen.add(this.rows.write(), Date.now());
      this.#ledger.write();
      this.#journal.writeConsumed();
      further();
    });
    this.rows.markWritten();
    this.#ledger.markWritten();
    this.#journal.consume(this.#journal.position);
  }

  #merge({ sender, after, at }: Received, pushes: readonly Push[]): void {
    // Neither a push that cannot be decoded changes anything, nor one for a row of a later release.
    const deltas = [...decodeDeltas(pushes, after, this.#definitions)];
    for (const { key } of deltas) this.rows.get(key);
    for (const { key, engine, delta, isEarlier } of deltas)
      mergeInto(engine, this.rows.change(key, delta.engine.event_time), delta, isEarlier);
    this.#ledger.record(sender, Math.max(after, pushes.at(-1)?.n ?? 0), at);
  }

  #write(group: Received[]): void {
    // Changed rows cannot be removed from memory, and a restarted object reads all of them again.
    this.rows.trim();
    const isFull = this.rows.isFull || this.#journal.isFullFor(group);
    // The journal has the records too, for readers of the stream.
    this.#storage.transactionSync(() => {
      this.#journal.append(group);
      if (isFull) this.#writeRows();
    });
  }
}
