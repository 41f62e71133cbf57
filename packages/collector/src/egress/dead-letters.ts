import type { SinkDeadLetter } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import type { RefusedRecord } from "./apply-outcomes.ts";

/** Number of the latest dead letters that a sink keeps for each partition. */
const KEPT_DEAD_LETTERS = 1_000;

/** Largest number of characters of a reason. */
const MAX_REASON = 500;

type Row = SinkDeadLetter & Pick<LogRecord, "kind"> & { place: number; number: number };

/** The latest dead letters of a sink. The row of the oldest one is overwritten. */
export class SinkDeadLetters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS dead_letter (place INTEGER PRIMARY KEY, number INTEGER, at INTEGER, id TEXT, kind TEXT,
        "partition" INTEGER, "offset" INTEGER, received_at INTEGER, reason TEXT)`,
    );
  }

  /**
   * Adds dead letters. Call it in a transaction.
   *
   * @param before Number of all earlier ones.
   */
  add(before: number, refused: readonly RefusedRecord[], at: number): void {
    const skipped = Math.max(0, refused.length - KEPT_DEAD_LETTERS);
    for (const [index, { record, reason }] of refused.slice(skipped).entries()) {
      const number = before + skipped + index;
      const { kind, partition, offset, received_at } = record.record;
      this.#sql.exec(
        "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[number % KEPT_DEAD_LETTERS, number, at, record.id, kind, partition, offset, received_at],
        reason.slice(0, MAX_REASON),
      );
    }
  }

  /**
   * Deletes the dead letters of records that are no longer kept.
   *
   * @param expiryOf Returns the time at which a record is no longer kept, in UTC milliseconds.
   * @returns The time at which the next one is; `undefined` without dead letters.
   */
  deleteExpired(
    expiryOf: (letter: Pick<LogRecord, "kind" | "received_at">) => number,
    now: number,
  ): number | undefined {
    let next: number | undefined;
    const rows = this.#sql.exec<Row & Record<string, SqlStorageValue>>("SELECT * FROM dead_letter").toArray();
    for (const row of rows) {
      const expiry = expiryOf(row);
      if (expiry <= now) this.#sql.exec("DELETE FROM dead_letter WHERE place = ?", row.place);
      else next = Math.min(next ?? expiry, expiry);
    }
    return next;
  }

  /** The kept dead letters, the latest first. */
  list(): SinkDeadLetter[] {
    return this.#sql
      .exec<Row & Record<string, SqlStorageValue>>("SELECT * FROM dead_letter ORDER BY number DESC")
      .toArray()
      .map(({ place: _, number: __, ...letter }) => letter);
  }
}
