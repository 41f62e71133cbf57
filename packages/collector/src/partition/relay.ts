import type { Definitions } from "../compile-features.ts";
import { charactersIn, type Journal, type Received } from "../entities/journal.ts";
import { Ledger, type ListedSenders } from "../entities/ledger.ts";
import { decodeDeltas, type EntityRow, mergeInto } from "../entities/merge.ts";
import { type EntityKey, type Push, type Sender, textOfNew } from "../entities/push.ts";
import { groupByShard, SHARDS } from "../entities/shards.ts";
import { GroupCommit } from "../group-commit.ts";
import { recordsAfter } from "../records/frames.ts";
import { OutgoingPushes } from "./outgoing.ts";

/** Minimum time from one push to a shard to the next, in milliseconds. */
const FORWARD_EVERY_MS = 1_000;

/** Journal entries, and length of their texts, from one write of the ledger to the next. */
const CHECKPOINT_EVERY = { entries: 64, characters: 1_000_000 };

/** Maximum length of the texts that shards have not confirmed. Beyond it sessions keep their pushes. */
const MAX_CHARACTERS = 8_000_000;

/**
 * The pushes of a partition's sessions on their way to the shards. The relay merges the deltas of all sessions by
 * entity, and forwards them at most once in {@link FORWARD_EVERY_MS}: a page that everybody sees costs its shard one
 * delta a second.
 *
 * The journal is the only copy. An entry that is a seal ends a push to each shard, whose number is the position of the
 * entry. After a restart the relay computes the same pushes from the journal, and sends those again that a shard may not
 * have confirmed. The shard merges a number once.
 */
export class Relay {
  readonly #storage: DurableObjectStorage;
  readonly #definitions: Definitions;
  readonly #ledger: Ledger;
  readonly #journal: Journal;
  readonly #commit = new GroupCommit<Received | undefined>((group) => this.#write(group));
  readonly #outgoing: readonly OutgoingPushes[];
  /** The deltas since the latest seal, and the arrival of the first one in UTC milliseconds. */
  #open = new Map<EntityKey, EntityRow>();
  #openSince = Number.POSITIVE_INFINITY;
  #seal = { position: 0, at: 0 };
  /** The position up to which the stored ledger has all pushes, and the length of the texts after it. */
  #checkpoint = { position: 0, charactersAfter: 0 };
  #isForwarding = false;

  /**
   * Replays the journal.
   *
   * @param send Sends pushes to a shard. It rejects unless the shard has stored them.
   */
  constructor(
    storage: DurableObjectStorage,
    definitions: Definitions,
    journal: Journal,
    send: (shard: number, text: string) => Promise<void>,
  ) {
    this.#storage = storage;
    this.#definitions = definitions;
    this.#ledger = new Ledger(storage.kv);
    this.#journal = journal;
    this.#outgoing = Array.from(
      { length: SHARDS },
      (_, shard) => new OutgoingPushes((text) => send(shard, text), definitions.layouts),
    );
    const entries = this.#journal.replay();
    this.#seal.position = this.#checkpoint.position = this.#journal.consumed;
    for (const { position, received, isSeal } of entries) {
      for (const each of received) this.#merge(each, JSON.parse(each.text));
      if (isSeal) this.#endPushes(position);
    }
    this.#checkpoint.charactersAfter = this.#journal.characters;
  }

  /** Whether a write failed: create another relay from the stored values. All calls of this one reject. */
  get hasFailed(): boolean {
    return this.#commit.hasFailed;
  }

  /** The next senders with a push since a time, as {@link Ledger.activeSince} returns them. */
  sendersSince(since: number, after: string, limit: number): ListedSenders {
    return this.#ledger.activeSince(since, after, limit);
  }

  /** The number of senders that are open sessions, as {@link Ledger.countOpen} returns it. */
  get openSenders(): number {
    return this.#ledger.countOpen();
  }

  /** Whether a delta is not forwarded, or not confirmed. */
  get isPending(): boolean {
    return this.#open.size > 0 || this.#outgoing.some(({ unconfirmedAfter }) => unconfirmedAfter !== undefined);
  }

  /** UTC milliseconds at which the first delta arrived that a shard has not confirmed; `undefined` without such deltas. */
  get waitingSince(): number | undefined {
    const times = this.#outgoing.flatMap(({ unconfirmedSince }) => unconfirmedSince ?? []);
    const since = Math.min(this.#openSince, ...times);
    return since < Number.POSITIVE_INFINITY ? since : undefined;
  }

  /** The position up to which a shard has confirmed all deltas. Later ones will be sent. */
  confirmedTo(shard: number): number {
    return this.#outgoing[shard]?.unconfirmedAfter ?? this.#seal.position;
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
   * Merges a session's pushes. Resolves when they are durable. It skips a push if that push or a later one was merged
   * before.
   *
   * @throws Error while too many pushes wait for shards.
   */
  async apply(sender: Sender, text: string, pushes: readonly Push[], records?: Uint8Array): Promise<void> {
    const after = this.#ledger.latest(sender) ?? 0;
    if ((pushes.at(-1)?.n ?? 0) > after) {
      if (this.#journal.characters > MAX_CHARACTERS) throw new Error("too many pushes wait for the shards");
      const received = {
        ...{ sender, after, text: textOfNew(text, pushes, after), at: Date.now() },
        records: records && recordsAfter(records, after),
      };
      this.#merge(received, pushes);
      this.#commit.add(received);
    }
    await this.#commit.pending;
  }

  /**
   * Forwards all deltas, those since the latest seal when {@link FORWARD_EVERY_MS} is over. Resolves when each shard has
   * confirmed its pushes or cannot be reached; immediately while an earlier call forwards. Never rejects.
   */
  async forward(): Promise<void> {
    if (this.#isForwarding) return;
    this.#isForwarding = true;
    try {
      while (this.#open.size > 0) {
        await this.#nextSeal();
        void this.#send();
      }
    } catch (error) {
      console.error("a partition could not forward its deltas", error);
    } finally {
      this.#isForwarding = false;
    }
    await this.#send();
  }

  async #nextSeal(): Promise<void> {
    const { position, at } = this.#seal;
    const remaining = at + FORWARD_EVERY_MS - Date.now();
    // The minimum limits the wait after the clock was set back.
    if (remaining > 0) await scheduler.wait(Math.min(remaining, FORWARD_EVERY_MS));
    // An entry with pushes may have been a seal meanwhile.
    if (this.#seal.position > position) return;
    this.#commit.add(undefined);
    await this.#commit.pending;
  }

  async #send(): Promise<void> {
    await Promise.all(this.#outgoing.map((each) => each.send().then(() => this.#consume())));
  }

  #merge({ sender, after, at }: Received, pushes: readonly Push[]): void {
    // A push that cannot be decoded changes nothing.
    for (const { key, engine, delta } of [...decodeDeltas(pushes, after, this.#definitions)]) {
      let row = this.#open.get(key);
      if (!row) {
        row = { engine: engine.emptyState(), anonymous_ids: [] };
        this.#open.set(key, row);
      }
      mergeInto(engine, row, delta);
      this.#openSince = Math.min(this.#openSince, at ?? Date.now());
    }
    this.#ledger.record(sender, Math.max(after, pushes.at(-1)?.n ?? 0), at);
  }

  #write(group: (Received | undefined)[]): void {
    const received = group.filter((each) => each !== undefined);
    const isSeal = Date.now() - this.#seal.at >= FORWARD_EVERY_MS || group.includes(undefined);
    this.#storage.transactionSync(() => this.#journal.append(received, isSeal));
    this.#checkpoint.charactersAfter += charactersIn(received);
    if (!isSeal) return;
    this.#endPushes(this.#journal.position);
    const { position, charactersAfter } = this.#checkpoint;
    const { entries, characters } = CHECKPOINT_EVERY;
    if (this.#seal.position - position >= entries || charactersAfter >= characters) this.#writeLedger();
  }

  /** Writes the ledger, after which the entries up to the latest seal are needed for the shards only. */
  #writeLedger(): void {
    this.#storage.transactionSync(() => this.#ledger.write());
    this.#ledger.markWritten();
    this.#checkpoint = { position: this.#seal.position, charactersAfter: 0 };
  }

  /** Ends a push to each shard that has deltas. */
  #endPushes(position: number): void {
    for (const [shard, rows] of groupByShard(this.#open))
      this.#outgoing[shard]?.add(position, { after: this.#seal.position, since: this.#openSince }, rows);
    this.#open = new Map();
    this.#openSince = Number.POSITIVE_INFINITY;
    this.#seal = { position, at: Date.now() };
  }

  /** Frees the entries that all shards have confirmed. */
  #consume(): void {
    const unconfirmed = this.#outgoing.map(({ unconfirmedAfter }) => unconfirmedAfter ?? this.#seal.position);
    this.#journal.consume(Math.min(this.#checkpoint.position, ...unconfirmed));
  }
}
