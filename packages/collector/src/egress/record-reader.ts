import type { LogRecord } from "@tidemark/schema/log";
import type { LoggedRecords } from "../log/partition-records.ts";
import { positionOf, rangeOffsets, recordsIn } from "../log/stream-records.ts";
import type { StreamEntry, StreamPage } from "../records/stream.ts";

/** The offset of the last record that an entry can have. */
export const endOf = (position: number): number => rangeOffsets({ after: position, to: position }).last_offset;

function* recordsOf(entries: readonly StreamEntry[], site: string, partition: number): Generator<LogRecord> {
  for (const entry of entries) yield* recordsIn(entry, site, partition);
}

/** The sources of a partition's records. */
export interface RecordSource {
  site: string;
  partition: number;
  /** Reads entries of the stream after a position. */
  readAfter(position: number): Promise<StreamPage>;
  /** Reads records after an offset from the files of the log. `undefined` if they have none. */
  readLogged(offset: number): Promise<LoggedRecords | undefined>;
}

/**
 * Reads the records of a partition one after another, from an offset on. It reads the stream, or the files of the log if the
 * stream no longer keeps the next record.
 */
export class RecordReader {
  readonly #source: RecordSource;
  #records: Iterator<LogRecord> | undefined;
  #next: LogRecord | undefined;
  /** The offset up to which the records that were read are complete. */
  #through: number;
  /** The offset up to which records have been taken, or do not exist. */
  #taken: number;
  /** The offset up to which the stream may have records, by the latest read and by announcements. */
  #end = { read: Number.POSITIVE_INFINITY, announced: 0 };

  /** @param after Offset of the record before the first. */
  constructor(source: RecordSource, after: number) {
    this.#source = source;
    this.#through = after;
    this.#taken = after;
  }

  /** The offset up to which records have been taken, or do not exist. */
  get taken(): number {
    return this.#taken;
  }

  /** Notes that the stream has entries up to a position. Without later ones it is not read again. */
  extendTo(position: number): void {
    this.#end.announced = Math.max(this.#end.announced, endOf(position));
  }

  /** Whether a record is in memory. */
  get hasNext(): boolean {
    this.#peek();
    return this.#next !== undefined;
  }

  /** Returns the next record without taking it; `undefined` at the end. */
  async next(): Promise<LogRecord | undefined> {
    while (!this.hasNext) if (!(await this.#load())) return undefined;
    return this.#next;
  }

  /** Takes the record that {@link next} has returned. */
  take(): void {
    if (!this.#next) return;
    this.#taken = this.#next.offset;
    this.#next = undefined;
    this.#peek();
  }

  #peek(): void {
    while (!this.#next && this.#records) {
      const { value, done } = this.#records.next();
      if (done) {
        this.#records = undefined;
        this.#taken = Math.max(this.#taken, this.#through);
      } else if (value.offset > this.#taken) this.#next = value;
    }
  }

  /** Reads more records. Returns whether there may be some. */
  async #load(): Promise<boolean> {
    if (this.#taken >= Math.max(this.#end.read, this.#end.announced)) return false;
    const { site, partition } = this.#source;
    // The entry of the next offset: an entry may have been taken in part.
    const after = positionOf(this.#taken + 1) - 1;
    const { kept, entries } = await this.#source.readAfter(after);
    this.#end.read = endOf(kept.to);
    const last = entries.at(-1);
    if (last) {
      this.#through = endOf(last.position);
      this.#records = recordsOf(entries, site, partition);
      return true;
    }
    if (after >= kept.after) {
      this.#taken = Math.max(this.#taken, endOf(kept.to));
      return false;
    }
    const logged = await this.#source.readLogged(this.#taken);
    // Without a later record in files, there is none before those that the stream keeps.
    this.#through = Math.min(logged?.through ?? Number.POSITIVE_INFINITY, endOf(kept.after));
    this.#records = (logged?.records ?? []).filter(({ offset }) => offset <= this.#through).values();
    return true;
  }
}
