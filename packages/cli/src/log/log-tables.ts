import { type RecordKind, recordKinds } from "@tidemark/schema/log";

/** A table of the log: records of the same columns. */
export interface LogTable {
  /** Name of the table with the records of the tail, which are in no file yet. */
  name: "tail_events" | "tail_records" | "tail_vectors";
  /** Name of the view with the records of files and tail. */
  view: "log_events" | "log_records" | "log_vectors";
  /** The kinds of its records. */
  kinds: readonly [RecordKind, ...RecordKind[]];
  /** Columns with a time. */
  times: readonly string[];
}

const others = recordKinds.filter((kind) => kind !== "event" && kind !== "vector") as [RecordKind, ...RecordKind[]];

const records: LogTable = { name: "tail_records", view: "log_records", kinds: others, times: ["received_at"] };

/** The tables of the log: events, vectors, and records of all other kinds. */
export const logTables: readonly LogTable[] = [
  { name: "tail_events", view: "log_events", kinds: ["event"], times: ["received_at", "time"] },
  { name: "tail_vectors", view: "log_vectors", kinds: ["vector"], times: ["received_at", "closed_at", "event_time"] },
  records,
];

/** The table of a kind of record, also of one that a newer collector has. */
export const tableOf = (kind: string): LogTable =>
  logTables.find(({ kinds }) => (kinds as readonly string[]).includes(kind)) ?? records;
