import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Packr } from "msgpackr";
import type { Sender } from "./push.ts";

/** The new pushes of one call, as the received JSON text of all its pushes. */
export interface Received {
  sender: Sender;
  /** The pushes of the text with a larger number are new. */
  after: number;
  text: string;
}

/** The pushes that arrived between two writes, in the order of arrival. One row. */
export interface JournalEntry {
  /** Number of the entry in its journal, from 1. */
  position: number;
  received: Received[];
  /** Whether a push to each shard ends with this entry. */
  isCut: boolean;
}

/** A row of the table. `consumed` is the position up to which all entries are consumed. */
type Row = { position: number; consumed: number; is_cut: number; is_deflated: number; received: ArrayBuffer };

/** Limits of the entries that are not consumed, because a restarted object reads them again. */
const LIMITS = { entries: 128, characters: 2_000_000 };

/**
 * Largest length of the texts in one entry, because a stored value has at most 2 MB. A longer text is alone in its
 * entry, and compressed.
 */
const MAX_ENTRY = 500_000;

// It differs from all keys of entities, which contain a colon.
const CONSUMED = "consumed";

const packr = new Packr({ useRecords: false });

/** The number of characters in received texts. */
export const charactersIn = (received: readonly Received[]): number =>
  received.reduce((total, { text }) => total + text.length, 0);

/** Divides received pushes into groups that each fit into an entry. There is at least one group. */
const entriesOf = (received: readonly Received[]): Received[][] => {
  const entries: Received[][] = [[]];
  let size = 0;
  for (const each of received) {
    if (size > 0 && size + each.text.length > MAX_ENTRY) {
      entries.push([]);
      size = 0;
    }
    entries.at(-1)?.push(each);
    size += each.text.length;
  }
  return entries;
};

/**
 * Pushes that are durable but not consumed yet: not in the rows, or not confirmed by all shards. A new entry takes the
 * place of a consumed one, so that it costs one written row and no deletion.
 */
export class Journal {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;
  /** Length of the texts of the entries that are not consumed, by position in ascending order. */
  readonly #unconsumed = new Map<number, number>();
  #characters = 0;
  #position = 0;
  #consumed = 0;
  /** The position of the oldest stored entry; `undefined` without an entry. */
  #oldest: number | undefined;

  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = sql;
    this.#kv = kv;
  }

  /** The position of the latest entry; 0 before the first. */
  get position(): number {
    return this.#position;
  }

  /** The position up to which all entries are consumed. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Total length of the texts that are not consumed. */
  get characters(): number {
    return this.#characters;
  }

  /** Whether pushes do not fit into one entry, or beside the entries that are not consumed. */
  isFullFor(received: readonly Received[]): boolean {
    const added = charactersIn(received);
    const { entries, characters } = LIMITS;
    return this.#unconsumed.size >= entries || added > MAX_ENTRY || this.#characters + added > characters;
  }

  /** Reads the stored entries that are not consumed, in order. Call it once, before all other methods. */
  replay(): Generator<JournalEntry> {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS journal (position INTEGER PRIMARY KEY, consumed INTEGER, is_cut INTEGER, is_deflated INTEGER, received BLOB)",
    );
    const [latest] = this.#sql
      .exec<Pick<Row, "position" | "consumed">>("SELECT position, consumed FROM journal ORDER BY position DESC LIMIT 1")
      .toArray();
    this.#consumed = Math.max(this.#kv.get<number>(CONSUMED) ?? 0, latest?.consumed ?? 0);
    this.#position = Math.max(this.#consumed, latest?.position ?? 0);
    this.#readOldest();
    return this.#readUnconsumed();
  }

  /**
   * Writes received pushes in one entry, or in several if they are long. The last entry may be a cut. Returns its
   * position. Call it in a transaction.
   */
  append(received: readonly Received[], isCut = false): number {
    const entries = entriesOf(received);
    for (const [index, entry] of entries.entries()) this.#write(entry, isCut && index === entries.length - 1);
    return this.#position;
  }

  /** Frees the entries up to a position. The next entry makes it durable, or {@link writeConsumed}. */
  consume(position: number): void {
    for (const [each, characters] of this.#unconsumed) {
      if (each > position) break;
      this.#unconsumed.delete(each);
      this.#characters -= characters;
    }
    this.#consumed = Math.max(this.#consumed, position);
  }

  /** Stores that all entries are consumed. Call it in the transaction that consumes them, and then {@link consume}. */
  writeConsumed(): void {
    this.#kv.put(CONSUMED, this.#position);
  }

  *#readUnconsumed(): Generator<JournalEntry> {
    const rows = this.#sql.exec<Row>("SELECT * FROM journal WHERE position > ? ORDER BY position", this.#consumed);
    for (const { position, is_cut, is_deflated, received: stored } of rows) {
      const packed = new Uint8Array(stored);
      const received = packr.unpack(is_deflated ? inflateRawSync(packed) : packed) as Received[];
      this.#add(position, received);
      yield { position, received, isCut: is_cut === 1 };
    }
  }

  #write(received: Received[], isCut: boolean): void {
    this.#position += 1;
    const packed = packr.pack(received);
    const isLong = charactersIn(received) > MAX_ENTRY;
    const row = [
      this.#position,
      this.#consumed,
      Number(isCut),
      Number(isLong),
      isLong ? deflateRawSync(packed) : packed,
    ];
    if (this.#oldest !== undefined && this.#oldest <= this.#consumed) {
      this.#sql.exec(
        "UPDATE journal SET position = ?, consumed = ?, is_cut = ?, is_deflated = ?, received = ? WHERE position = ?",
        ...row,
        this.#oldest,
      );
      this.#readOldest();
    } else {
      this.#sql.exec("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", ...row);
      this.#oldest ??= this.#position;
    }
    this.#add(this.#position, received);
  }

  #readOldest(): void {
    const query = "SELECT position FROM journal ORDER BY position LIMIT 1";
    this.#oldest = this.#sql.exec<Pick<Row, "position">>(query).toArray()[0]?.position;
  }

  #add(position: number, received: readonly Received[]): void {
    const characters = charactersIn(received);
    this.#unconsumed.set(position, characters);
    this.#characters += characters;
  }
}
