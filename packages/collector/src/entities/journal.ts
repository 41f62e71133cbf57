import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Packr } from "msgpackr";
import { sizeOfRecords } from "../records/frames.ts";
import type { Sender } from "./push.ts";

/** The new pushes of one call, as the received JSON text of all its pushes. */
export interface Received {
  sender: Sender;
  /** The pushes of the text with a larger number are new. */
  after: number;
  text: string;
  /** UTC milliseconds of the arrival; absent in an entry of an earlier version. */
  at?: number;
  /** The records that came with the pushes, if the site has a log. */
  records?: Uint8Array | undefined;
}

/** The pushes that arrived between two writes, in the order of arrival. One row. */
export interface JournalEntry {
  /** Number of the entry in its journal, from 1. */
  position: number;
  received: Received[];
  /** Whether a push to each shard ends with this entry. */
  isSeal: boolean;
}

/** A place in the journal, with what all entries up to there contain. */
export type JournalPlace = {
  position: number;
  /** Number of records since the first entry, their packed length in bytes, and the length of their text. */
  record_count: number;
  record_bytes: number;
  record_characters: number;
};

/** A row of the table. `consumed` is the position up to which all entries are consumed. */
type Row = JournalPlace & { consumed: number; is_seal: number; is_deflated: number; received: ArrayBuffer };

/** Limits of the entries that are not consumed, because a restarted object reads them again. */
const LIMITS = { entries: 128, characters: 2_000_000 };

/**
 * Length of the latest records that stay in the journal when they are in the log, for readers that follow the stream.
 */
const KEPT_RECORD_BYTES = 256_000_000;

/**
 * Largest length of the texts and records in one entry, because a stored value has at most 2 MB. A longer text is alone in its
 * entry, and compressed.
 */
const MAX_ENTRY = 500_000;

// It differs from all keys of entities, which contain a colon.
const CONSUMED = "consumed";

/** Columns that tables of a version without a log lack. */
const RECORD_COLUMNS = ["record_count", "record_bytes", "record_characters"];

const PLACE = ["position", ...RECORD_COLUMNS].join(", ");

const COLUMNS = `${PLACE}, consumed, is_seal, is_deflated, received`;

const VALUES = COLUMNS.replaceAll(/\w+/g, "?");

const packr = new Packr({ useRecords: false });

/** The number of characters in received texts. */
export const charactersIn = (received: readonly Received[]): number =>
  received.reduce((total, { text }) => total + text.length, 0);

const recordBytesIn = (received: readonly Received[]): number =>
  received.reduce((total, { records }) => total + (records?.length ?? 0), 0);

/** The place after an entry that follows another place. */
const placeAfter = (before: JournalPlace, received: readonly Received[]): JournalPlace => {
  const place = { ...before, position: before.position + 1 };
  for (const { records } of received) {
    if (!records) continue;
    const { count, characters } = sizeOfRecords(records);
    place.record_count += count;
    place.record_bytes += records.length;
    place.record_characters += characters;
  }
  return place;
};

const sizeOf = (received: readonly Received[]): number => charactersIn(received) + recordBytesIn(received);

/** Divides received pushes into groups that each fit into an entry. There is at least one group. */
const entriesOf = (received: readonly Received[]): Received[][] => {
  const entries: Received[][] = [[]];
  let size = 0;
  for (const each of received) {
    const added = sizeOf([each]);
    if (size > 0 && size + added > MAX_ENTRY) {
      entries.push([]);
      size = 0;
    }
    entries.at(-1)?.push(each);
    size += added;
  }
  return entries;
};

/** The place before the first entry. */
export const JOURNAL_START: JournalPlace = { position: 0, record_count: 0, record_bytes: 0, record_characters: 0 };

/**
 * Pushes that are durable, in the order of arrival. An entry is consumed when its deltas are in the rows or confirmed by
 * all shards, and released when its records are in the log. A new entry then takes its place, so that it costs one
 * written row and no deletion.
 */
export class Journal {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;
  /** Length of the texts of the entries that are not consumed, by position in ascending order. */
  readonly #unconsumed = new Map<number, number>();
  #characters = 0;
  #latest = JOURNAL_START;
  #consumed = 0;
  #released = Number.POSITIVE_INFINITY;
  /** The oldest stored entry; `undefined` without an entry. */
  #oldest: JournalPlace | undefined;

  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = sql;
    this.#kv = kv;
  }

  /** Lets the first entry of a new journal follow a position. Call it before all other methods. */
  static startAfter(kv: SyncKvStorage, position: number): void {
    kv.put(CONSUMED, position);
  }

  /** The position of the latest entry; 0 before the first. */
  get position(): number {
    return this.#latest.position;
  }

  /** The place of the latest entry. */
  get latest(): JournalPlace {
    return this.#latest;
  }

  /** The position after which all entries are stored: that of the latest entry if none is. */
  get keptAfter(): number {
    return this.#oldest ? this.#oldest.position - 1 : this.#latest.position;
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
      "CREATE TABLE IF NOT EXISTS journal (position INTEGER PRIMARY KEY, record_count INTEGER, record_bytes INTEGER, record_characters INTEGER, consumed INTEGER, is_seal INTEGER, is_deflated INTEGER, received BLOB)",
    );
    this.#convertEarlierTable();
    const [latest] = this.#sql
      .exec<Omit<Row, "received">>(`SELECT ${PLACE}, consumed FROM journal ORDER BY position DESC LIMIT 1`)
      .toArray();
    const { consumed, ...place } = latest ?? { ...JOURNAL_START, consumed: 0 };
    this.#consumed = Math.max(this.#kv.get<number>(CONSUMED) ?? 0, consumed);
    this.#latest = { ...place, position: Math.max(this.#consumed, place.position) };
    this.#readOldest();
    return this.#readUnconsumed();
  }

  /** Reads the stored entries after a position, in order. */
  *read(after: number): Generator<JournalEntry & JournalPlace> {
    const rows = this.#sql.exec<Row>("SELECT * FROM journal WHERE position > ? ORDER BY position", after);
    for (const { received: stored, is_seal, is_deflated, ...place } of rows) {
      const packed = new Uint8Array(stored);
      const received = packr.unpack(is_deflated ? inflateRawSync(packed) : packed) as Received[];
      yield { ...place, received, isSeal: is_seal === 1 };
    }
  }

  /** The places of the stored entries after a position, in order. */
  placesAfter(position: number): Iterable<JournalPlace> {
    return this.#sql.exec<JournalPlace>(`SELECT ${PLACE} FROM journal WHERE position > ? ORDER BY position`, position);
  }

  /**
   * Writes received pushes in one entry, or in several if they are long. The last entry may be a seal. Returns its
   * position. Call it in a transaction.
   */
  append(received: readonly Received[], isSeal = false): number {
    const entries = entriesOf(received);
    for (const [index, entry] of entries.entries()) this.#write(entry, isSeal && index === entries.length - 1);
    return this.#latest.position;
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
    this.#kv.put(CONSUMED, this.#latest.position);
  }

  /**
   * Allows that entries up to a position are overwritten when they are consumed too. Before the first call, all are:
   * nobody reads their records.
   */
  release(position: number): void {
    this.#released = position;
  }

  /** Converts the table of a version without a log: it lacks the columns of records. */
  #convertEarlierTable(): void {
    const stored = this.#sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('journal')").toArray();
    for (const column of RECORD_COLUMNS)
      if (!stored.some(({ name }) => name === column))
        this.#sql.exec(`ALTER TABLE journal ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0`);
    if (stored.some(({ name }) => name === "is_cut"))
      this.#sql.exec("ALTER TABLE journal RENAME COLUMN is_cut TO is_seal");
  }

  *#readUnconsumed(): Generator<JournalEntry> {
    for (const entry of this.read(this.#consumed)) {
      this.#add(entry.position, entry.received);
      yield entry;
    }
  }

  #write(received: Received[], isSeal: boolean): void {
    this.#latest = placeAfter(this.#latest, received);
    const { position, record_count, record_bytes, record_characters } = this.#latest;
    const packed = packr.pack(received);
    const isLong = sizeOf(received) > MAX_ENTRY;
    const row = [
      ...[position, record_count, record_bytes, record_characters],
      ...[this.#consumed, Number(isSeal), Number(isLong), isLong ? deflateRawSync(packed) : packed],
    ];
    if (this.#oldest && this.#isFree(this.#oldest)) {
      this.#sql.exec(`UPDATE journal SET (${COLUMNS}) = (${VALUES}) WHERE position = ?`, ...row, this.#oldest.position);
      this.#readOldest();
    } else {
      this.#sql.exec(`INSERT INTO journal (${COLUMNS}) VALUES (${VALUES})`, ...row);
      this.#oldest ??= this.#latest;
    }
    this.#add(this.#latest.position, received);
  }

  #isFree({ position, record_bytes }: JournalPlace): boolean {
    if (position > Math.min(this.#consumed, this.#released)) return false;
    return this.#released === Number.POSITIVE_INFINITY || this.#latest.record_bytes - record_bytes > KEPT_RECORD_BYTES;
  }

  #readOldest(): void {
    const query = `SELECT ${PLACE} FROM journal ORDER BY position LIMIT 1`;
    [this.#oldest] = this.#sql.exec<JournalPlace>(query).toArray();
  }

  #add(position: number, received: readonly Received[]): void {
    const characters = charactersIn(received);
    this.#unconsumed.set(position, characters);
    this.#characters += characters;
  }
}
