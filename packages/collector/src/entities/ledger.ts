import { SESSION_IDLE_MS, SESSION_KEPT_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import { type Latest, OpenSenders } from "./open-senders.ts";
import type { Sender } from "./push.ts";

/** A sender, and UTC milliseconds of the arrival of its latest push. */
export interface ActiveSender {
  id: string;
  at: number;
}

/** Some senders of a ledger, and the position after them. */
export interface ListedSenders {
  active: ActiveSender[];
  /** Continues the list; absent at its end. */
  next?: string;
}

/** The latest pushes of the senders that began in the same {@link BUCKET_MS}. One row. */
type Bucket = Map<string, Latest>;

/** Span of a bucket, in milliseconds. Senders that push at the same time mostly began at about the same time. */
const BUCKET_MS = 10_000;

/**
 * Time after its latest push for which a sender is kept, in milliseconds: a day longer than a session is kept. A session
 * does not store the confirmation of its last push, and repeats it with the next batch. A push that is repeated later
 * counts twice.
 */
const KEEP_MS = SESSION_KEPT_MS + 86_400_000;

/** Largest number of unchanged senders in memory, of about 200 bytes each. */
const MAX_CACHED = 20_000;

/** Number of stored buckets that one {@link Ledger.write} checks for expired senders. */
const CHECKED = 4;

/** Length of the buckets, in characters, after which one call of {@link Ledger.activeSince} reads no more of them. */
const MAX_READ = 4_000_000;

const PREFIX = "ledger ";

/** Digits of a bucket's number in its key, so that the keys are in the order of the numbers. */
const DIGITS = 12;

/** Time before now from which on sessions begin that the first {@link Ledger.countOpen} reads, in milliseconds: two hours. */
const OPEN_SINCE_MS = 7_200_000;

/** Longest time from the begin of a session to its latest push that {@link Ledger.activeSince} expects, in milliseconds. */
const LONGEST_MS = SESSION_MAX_MS + SESSION_IDLE_MS;

const keyOf = ({ began_at }: Pick<Sender, "began_at">): string =>
  `${PREFIX}${`${Math.floor(began_at / BUCKET_MS)}`.padStart(DIGITS, "0")}`;

const POSITION = new RegExp(`^${PREFIX}\\d{${DIGITS}}`);

/** Whether a text can be the position of a list: {@link ListedSenders.next}. */
export const isSenderPosition = (text: string): boolean => POSITION.test(text);

/**
 * The number of each sender's latest push, by which a repeated push is recognised. Senders are stored together with
 * those that began at the same time, so that the pushes of many sessions change few rows.
 */
export class Ledger {
  readonly #kv: SyncKvStorage;
  readonly #buckets = new Map<string, Bucket>();
  readonly #changed = new Set<string>();
  #cached = 0;
  /** The open sessions; `undefined` before the first {@link countOpen}. */
  #open: OpenSenders | undefined;
  /** The key of the last bucket that was checked for expired senders. */
  #checked = PREFIX;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** The number of a sender's latest push; `undefined` for an unknown sender. */
  latest(sender: Sender): number | undefined {
    return this.#bucketOf(keyOf(sender)).get(sender.id)?.[0];
  }

  /** Records the number of a sender's latest push. @param at UTC milliseconds of its arrival. Default: now. */
  record(sender: Sender, n: number, at = Date.now()): void {
    const key = keyOf(sender);
    const bucket = this.#bucketOf(key);
    if (!bucket.has(sender.id)) this.#cached += 1;
    const latest: Latest = sender.is_closed ? [n, at, 1] : [n, at];
    this.#open?.replace(sender.began_at, bucket.get(sender.id), latest);
    bucket.set(sender.id, latest);
    this.#changed.add(key);
  }

  /**
   * The next senders with a push since a time, by the time at which they began and then by id. Leaves out a sender that
   * began more than {@link LONGEST_MS} before. At some length of what it has read it ends before the limit, even without
   * a sender.
   *
   * @param since UTC milliseconds.
   * @param after The position after which they begin. Default: at the first one.
   */
  activeSince(since: number, after: string, limit: number): ListedSenders {
    const first = keyOf({ began_at: Math.max(0, since - LONGEST_MS) });
    const [fromKey, fromId] = after === "" ? [first, ""] : [after.slice(0, first.length), after.slice(first.length)];
    const active: ActiveSender[] = [];
    let read = 0;
    for (const [key, bucket] of this.#bucketsFrom(fromKey)) {
      if (read > MAX_READ) return { active, next: key };
      const entries = typeof bucket === "string" ? (JSON.parse(bucket) as [string, Latest][]) : [...bucket];
      if (typeof bucket === "string") read += bucket.length;
      for (const [id, [, at]] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (at < since || (key === fromKey && id <= fromId)) continue;
        active.push({ id, at });
        if (active.length === limit) return { active, next: `${key}${id}` };
      }
    }
    return { active };
  }

  /** The number of sessions that are open, see {@link OpenSenders}. The first call reads those of two hours. */
  countOpen(): number {
    const now = Date.now();
    if (!this.#open) {
      const beganFrom = Math.max(0, Math.floor((now - OPEN_SINCE_MS) / BUCKET_MS) * BUCKET_MS);
      this.#open = new OpenSenders(now, beganFrom);
      for (const [, bucket] of this.#bucketsFrom(keyOf({ began_at: beganFrom })))
        for (const [, latest] of typeof bucket === "string" ? (JSON.parse(bucket) as [string, Latest][]) : bucket)
          this.#open.add(latest);
    }
    return this.#open.count(now);
  }

  /** Writes the changed buckets, and removes expired senders from some others. Call it in a transaction. */
  write(): void {
    for (const key of this.#changed) this.#kv.put(key, JSON.stringify([...this.#bucketOf(key)]));
    this.#removeExpired();
  }

  /** Marks all buckets as unchanged, after the transaction of {@link write}. */
  markWritten(): void {
    this.#changed.clear();
    if (this.#cached <= MAX_CACHED) return;
    this.#buckets.clear();
    this.#cached = 0;
  }

  #bucketOf(key: string): Bucket {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new Map(JSON.parse(this.#kv.get<string>(key) ?? "[]") as [string, Latest][]);
      this.#buckets.set(key, bucket);
      this.#cached += bucket.size;
    }
    return bucket;
  }

  /** The buckets from a key on, in memory or as stored texts, in the order of their keys. It loads them one by one. */
  *#bucketsFrom(first: string): Generator<[key: string, bucket: Bucket | string]> {
    const inMemory = [...this.#buckets].filter(([key]) => key >= first).sort(([a], [b]) => (a < b ? -1 : 1));
    // Keys have one length, so the shortened one comes before `first`.
    for (const [key, text] of this.#kv.list<string>({ prefix: PREFIX, startAfter: first.slice(0, -1) })) {
      while (inMemory[0] && inMemory[0][0] < key) yield inMemory.shift() as [string, Bucket];
      if (key >= first && inMemory[0]?.[0] !== key) yield [key, text];
    }
    yield* inMemory;
  }

  #removeExpired(): void {
    const keys = [...this.#kv.list<string>({ prefix: PREFIX, startAfter: this.#checked, limit: CHECKED })];
    this.#checked = keys.length < CHECKED ? PREFIX : (keys.at(-1)?.[0] ?? PREFIX);
    const oldest = Date.now() - KEEP_MS;
    for (const [key, text] of keys) {
      if (this.#changed.has(key)) continue;
      const entries = JSON.parse(text) as [string, Latest][];
      const kept = entries.filter(([, [, at]]) => at > oldest);
      if (kept.length === entries.length) continue;
      if (kept.length > 0) this.#kv.put(key, JSON.stringify(kept));
      else this.#kv.delete(key);
      this.#cached -= this.#buckets.get(key)?.size ?? 0;
      this.#buckets.delete(key);
    }
  }
}
