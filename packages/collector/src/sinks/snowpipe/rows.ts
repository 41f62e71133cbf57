import type { LogRecord } from "@tidemark/schema/log";
import type { Cut, SinkRecord } from "../sink.ts";
import type { WarehouseRow } from "../warehouse-row.ts";

/** Largest request: 4 MB of rows. */
const MAX_REQUEST = 4_000_000;

/** Successive rows of one request. */
export interface Rows {
  /** NDJSON. */
  text: string;
  bytes: number;
  /** Offsets of the first and last record. */
  first: number;
  last: number;
}

/** The row of a record in NDJSON, or the reason for which it has none. Names of columns are in capitals. */
export const rowText = (
  { record }: SinkRecord,
  rowOf: (record: LogRecord) => WarehouseRow,
): { text: string } | { refused: string } => {
  try {
    const row = Object.entries(rowOf(record)).map(([name, value]) => [name.toUpperCase(), value]);
    const text = `${JSON.stringify(Object.fromEntries(row))}\n`;
    return Buffer.byteLength(text) <= MAX_REQUEST
      ? { text }
      : { refused: "the row is larger than a request of Snowflake" };
  } catch (error) {
    return { refused: (error as Error).message };
  }
};

/** Puts rows into as few requests as possible, in their order. */
export const requestsOf = (records: Cut["records"], rows: readonly { index: number; text: string }[]): Rows[] => {
  const requests: Rows[] = [];
  for (const { index, text } of rows) {
    const bytes = Buffer.byteLength(text);
    const offset = (records[index] as SinkRecord).record.offset;
    const latest = requests.at(-1);
    if (latest && latest.bytes + bytes <= MAX_REQUEST) {
      latest.text += text;
      latest.bytes += bytes;
      latest.last = offset;
    } else requests.push({ text, bytes, first: offset, last: offset });
  }
  return requests;
};
