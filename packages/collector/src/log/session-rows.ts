import type { LogFile, StoredRow } from "@tidemark/schema/log";
import { type FileMetaData, parquetMetadataAsync } from "hyparquet";
import { keyOf } from "./bucket.ts";
import { chunkRange, columnsIn, decodeChunk } from "./parquet-source.ts";

/** Bytes at the end of a file that are read first. A file of at most this size is read whole, with one request. */
export const END_BYTES = 131_072;

/** A file of the log that is read by ranges. */
export class RemoteFile {
  readonly byteLength: number;
  readonly #bucket: R2Bucket;
  readonly #name: string;
  readonly #onBytes: (bytes: number) => void;
  #end: { start: number; bytes: ArrayBuffer } | undefined;

  constructor(bucket: R2Bucket, { name, bytes }: LogFile, onBytes: (bytes: number) => void) {
    this.byteLength = bytes;
    this.#bucket = bucket;
    this.#name = name;
    this.#onBytes = onBytes;
  }

  /** Reads a range of bytes. It keeps the end of the file. @throws MissingFile */
  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    if (this.#end && start >= this.#end.start)
      return this.#end.bytes.slice(start - this.#end.start, end - this.#end.start);
    this.#onBytes(end - start);
    const object = await this.#bucket.get(keyOf(this.#name), { range: { offset: start, length: end - start } });
    if (!object) throw new MissingFile(`the log has no file ${this.#name} any more`);
    const bytes = await object.arrayBuffer();
    if (end === this.byteLength) this.#end = { start, bytes };
    return bytes;
  }
}

/** The error for a file that was deleted after it was listed: another file has its records. */
export class MissingFile extends Error {}

/** Whether a group of rows may have a session, by the bounds of its column. A bound may be cut. */
const mayHave = (metadata: FileMetaData, group: number, column: number, session: string): boolean => {
  const { min_value, max_value } = metadata.row_groups[group]?.columns[column]?.meta_data?.statistics ?? {};
  if (typeof min_value !== "string" || typeof max_value !== "string") return true;
  return session >= min_value && (session <= max_value || session.startsWith(max_value));
};

/** A value as `eventIn` expects it: numbers for 64-bit integers, and milliseconds for times. */
export const storedValue = (value: unknown, isTime: boolean): StoredRow[string] => {
  if (typeof value !== "bigint") return value as StoredRow[string];
  return isTime ? Number(value) / 1000 : Number(value);
};

/**
 * Reads the rows of a session in a file of the log. Of a large file it reads the groups of rows that have the session;
 * the values of one column are in memory at a time.
 *
 * @param onBytes Called with each number of bytes before they are read. Its errors end the read.
 * @throws MissingFile
 */
export const readSessionRows = async (
  bucket: R2Bucket,
  listed: LogFile,
  session: string,
  onBytes: (bytes: number) => void,
): Promise<StoredRow[]> => {
  const file = new RemoteFile(bucket, listed, onBytes);
  const metadata = await parquetMetadataAsync(file, { initialFetchSize: END_BYTES });
  const columns = columnsIn(metadata);
  const sessionColumn = columns.findIndex(({ name }) => name === "session_id");
  const found: StoredRow[] = [];
  for (const [group, { columns: chunks }] of metadata.row_groups.entries()) {
    if (!mayHave(metadata, group, sessionColumn, session)) continue;
    const valuesOf = (index: number, bytes: ArrayBuffer, offset: number): unknown[] => {
      const range = chunks[index] && chunkRange(chunks[index]);
      if (!range) return [];
      const view = new DataView(bytes, range.offset - offset, range.length);
      return decodeChunk(metadata, group, index, view).flatMap((values) => Array.from(values));
    };
    const own = chunks[sessionColumn] && chunkRange(chunks[sessionColumn]);
    if (!own) continue;
    const ids = valuesOf(sessionColumn, await file.slice(own.offset, own.offset + own.length), own.offset);
    const places = ids.flatMap((id, place) => (id === session ? [place] : []));
    if (places.length === 0) continue;

    const ranges = chunks.flatMap((chunk) => chunkRange(chunk) ?? []);
    const start = Math.min(...ranges.map(({ offset }) => offset));
    const end = Math.max(...ranges.map(({ offset, length }) => offset + length));
    const bytes = await file.slice(start, end);
    const rows = places.map((): Record<string, StoredRow[string]> => ({}));
    for (const [index, { name, type }] of columns.entries()) {
      const values = valuesOf(index, bytes, start);
      for (const [row, place] of places.entries()) {
        const value = values[place];
        if (value !== null && value !== undefined)
          (rows[row] as Record<string, unknown>)[name] = storedValue(value, type === "timestamp");
      }
    }
    found.push(...rows);
  }
  return found;
};
