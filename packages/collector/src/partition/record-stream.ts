import { JOURNAL_START, type Journal, type JournalPlace } from "../entities/journal.ts";
import { sizeOfRecords } from "../records/frames.ts";
import type { StreamEntry, StreamRange } from "../records/stream.ts";

/** The stored progress of the log. */
interface LogProgress {
  /** All records up to here are in files. */
  logged: JournalPlace;
  /** The end of the range that is being written. It never changes, so that a repeated write writes the same files. */
  cut: JournalPlace | null;
  /**
   * UTC milliseconds at which the first record after `logged` was seen; absent before it, and in an earlier version. It is
   * stored because an object of a quiet site stops between two batches.
   */
  since?: number;
}

// It differs from all keys of entities, which contain a colon.
const PROGRESS = "log";

/**
 * Size of a range from which it is written immediately. The writer unpacks a range in memory, and records can be packed
 * to a hundredth of their text.
 */
const FULL = { records: 20_000, bytes: 2_000_000, characters: 16_000_000 };

/** Time after its first record at which a range is written, in milliseconds, and the records that make a site busy. */
const WRITE_AFTER = { busy_ms: 60_000, quiet_ms: 900_000, busyFrom: 1_000 };

/** Largest size of the records in one {@link RecordStream.read}, in bytes. */
const MAX_PAGE = 4_000_000;

/** The records in a partition's journal, as a stream that the log and other readers follow. */
export class RecordStream {
  readonly #kv: SyncKvStorage;
  readonly #journal: Journal;
  #progress: LogProgress;

  constructor(kv: SyncKvStorage, journal: Journal) {
    this.#kv = kv;
    this.#journal = journal;
    this.#progress = kv.get<LogProgress>(PROGRESS) ?? { logged: JOURNAL_START, cut: null };
    journal.release(this.#progress.logged.position);
  }

  /** Lets a new stream begin after a position. Call it before the stream is created. */
  static startAfter(kv: SyncKvStorage, position: number): void {
    kv.put(PROGRESS, { logged: { ...JOURNAL_START, position }, cut: null } satisfies LogProgress);
  }

  /** The range of the entries that the stream keeps. */
  get kept(): StreamRange {
    return { after: this.#journal.keptAfter, to: this.#journal.position };
  }

  /** Number of the kept records after a position. */
  countAfter(position: number): number {
    for (const { record_count, received } of this.#journal.read(position)) {
      const own = received.reduce((sum, { records }) => sum + (records ? sizeOfRecords(records).count : 0), 0);
      return this.#journal.latest.record_count - record_count + own;
    }
    return 0;
  }

  /** The position up to which all records are in files. */
  get logged(): number {
    return this.#progress.logged.position;
  }

  /** Number of the records that are in no file, and UTC milliseconds at which the first one was seen. */
  get unlogged(): { records: number; since?: number } {
    const { logged, since } = this.#progress;
    const records = this.#journal.latest.record_count - logged.record_count;
    return { records, ...(records > 0 && since !== undefined && { since }) };
  }

  /**
   * The time at which records have to be written into files, in UTC milliseconds; `undefined` if all are. Stores the time
   * at which it first sees records.
   */
  dueAt(now: number): number | undefined {
    const { latest } = this.#journal;
    const records = latest.record_count - this.#progress.logged.record_count;
    if (records === 0) return undefined;
    if (this.#progress.cut || this.#fillingOf(latest) >= 1) return now;
    if (this.#progress.since === undefined) this.#write({ ...this.#progress, since: now });
    // The stored time is in the future after the clock was set back.
    return (
      Math.min(this.#progress.since ?? now, now) +
      (records >= WRITE_AFTER.busyFrom ? WRITE_AFTER.busy_ms : WRITE_AFTER.quiet_ms)
    );
  }

  /**
   * Returns the next range to write into files; `undefined` without records. It returns the same range until
   * {@link confirm}.
   */
  beginCut(): StreamRange | undefined {
    const { logged } = this.#progress;
    if (this.#journal.latest.record_count === logged.record_count) return undefined;
    const cut = this.#progress.cut ?? this.#endOfRange();
    if (!this.#progress.cut) this.#write({ ...this.#progress, cut });
    return { after: logged.position, to: cut.position };
  }

  /** Stores that the records up to a position are in files. A repetition changes nothing. */
  confirm(to: number): void {
    const { cut } = this.#progress;
    if (cut?.position !== to) return;
    this.#write({ logged: cut, cut: null });
    this.#journal.release(to);
  }

  /** Reads the next entries of a range, as many as fit into {@link MAX_PAGE}, but at least one. */
  read({ after, to }: StreamRange): StreamEntry[] {
    const entries: StreamEntry[] = [];
    let bytes = 0;
    for (const { position, received } of this.#journal.read(after)) {
      // Copies: a call to another object would transfer the whole buffer of a view.
      const records = received.flatMap(({ records }) => (records ? [new Uint8Array(records)] : []));
      const size = records.reduce((total, { length }) => total + length, 0);
      if (position > to || (entries.length > 0 && bytes + size > MAX_PAGE)) break;
      entries.push({ position, records });
      bytes += size;
    }
    return entries;
  }

  #endOfRange(): JournalPlace {
    let end: JournalPlace | undefined;
    for (const place of this.#journal.placesAfter(this.#progress.logged.position)) {
      if (end && this.#fillingOf(place) > 1) break;
      end = place;
    }
    return end ?? this.#journal.latest;
  }

  /** The largest share of a limit in {@link FULL} that the records up to a place take. */
  #fillingOf({ record_count, record_bytes, record_characters }: JournalPlace): number {
    const { logged } = this.#progress;
    return Math.max(
      (record_count - logged.record_count) / FULL.records,
      (record_bytes - logged.record_bytes) / FULL.bytes,
      (record_characters - logged.record_characters) / FULL.characters,
    );
  }

  #write(progress: LogProgress): void {
    this.#kv.put(PROGRESS, progress);
    this.#progress = progress;
  }
}
