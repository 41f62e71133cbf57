import type { Feature } from "@tidemark/schema";
import {
  eventIn,
  type LogFile,
  type LogRecord,
  payloadIn,
  type RecordKind,
  rangesOf,
  type StoredRow,
  vectorIn,
} from "@tidemark/schema/log";
import { type FileMetaData, parquetMetadataAsync } from "hyparquet";
import { bucketOf } from "./bucket.ts";
import { manifestsOf, readDay } from "./manifests.ts";
import { chunkRange, columnsIn, decodeChunk } from "./parquet-source.ts";
import { END_BYTES, MissingFile, RemoteFile, storedValue } from "./session-rows.ts";

/** A partition whose records are read from the files of the log. */
export interface LoggedPartition {
  env: { LOG?: R2Bucket };
  site: string;
  /** The site's features, which are the columns of vectors. */
  features: readonly Feature[];
  partition: number;
}

/** Records that follow an offset in the files of a partition. */
export interface LoggedRecords {
  /** The records, in the order of their offsets. */
  records: LogRecord[];
  /** The offset up to which the files have no other records. */
  through: number;
}

/** Largest number of records that one read returns. */
const MAX_RECORDS = 5_000;

/**
 * Number of days in a row without later records after which earlier days are not read. A session repeats a push for up to
 * eight days, and the records in it have the date of their receipt.
 */
const DAYS_WITHOUT = 10;

const HOUR_MS = 3_600_000;

/** The offsets of a partition in a file. */
interface FileRange {
  file: LogFile;
  first: number;
  last: number;
}

/** An opened file. */
interface OpenFile {
  file: RemoteFile;
  metadata: FileMetaData;
}

const openFile = async (bucket: R2Bucket, listed: LogFile): Promise<OpenFile> => {
  const file = new RemoteFile(bucket, listed, () => {});
  return { file, metadata: await parquetMetadataAsync(file, { initialFetchSize: END_BYTES }) };
};

/** Reads the values of a column in one group of rows. */
const readColumn = async ({ file, metadata }: OpenFile, group: number, name: string): Promise<unknown[]> => {
  const index = columnsIn(metadata).findIndex((column) => column.name === name);
  const chunk = metadata.row_groups[group]?.columns[index];
  const range = chunk && chunkRange(chunk);
  if (!range) return [];
  const view = new DataView(await file.slice(range.offset, range.offset + range.length));
  return decodeChunk(metadata, group, index, view).flatMap((values) => Array.from(values));
};

/** Yields the rows of a partition in each group: their places, and their values in a column of numbers. */
async function* numbersIn(
  open: OpenFile,
  partition: number,
  column: string,
): AsyncGenerator<{ group: number; places: { place: number; value: number }[] }> {
  for (const group of open.metadata.row_groups.keys()) {
    const partitions = await readColumn(open, group, "partition");
    const values = await readColumn(open, group, column);
    const places = values.flatMap((value, place) =>
      Number(partitions[place]) === partition ? [{ place, value: Number(value) }] : [],
    );
    yield { group, places };
  }
}

/** Reads rows of a group. */
const readRows = async (
  { file, metadata }: OpenFile,
  group: number,
  places: readonly number[],
): Promise<StoredRow[]> => {
  const chunks = metadata.row_groups[group]?.columns ?? [];
  const ranges = chunks.flatMap((chunk) => chunkRange(chunk) ?? []);
  const start = Math.min(...ranges.map(({ offset }) => offset));
  const bytes = await file.slice(start, Math.max(...ranges.map(({ offset, length }) => offset + length)));
  const rows = places.map((): Record<string, StoredRow[string]> => ({}));
  for (const [index, { name, type }] of columnsIn(metadata).entries()) {
    const range = chunks[index] && chunkRange(chunks[index]);
    if (!range) continue;
    const view = new DataView(bytes, range.offset - start, range.length);
    const values = decodeChunk(metadata, group, index, view).flatMap((part) => Array.from(part));
    for (const [row, place] of places.entries()) {
      const value = values[place];
      if (value !== null && value !== undefined)
        (rows[row] as Record<string, StoredRow[string]>)[name] = storedValue(value, type === "timestamp");
    }
  }
  return rows;
};

const recordIn = (kind: RecordKind, row: StoredRow, features: readonly Feature[]): LogRecord => {
  const { site, partition, offset, arrival, received_at, v } = row;
  const [place, position] = [
    { site, partition, offset },
    { arrival, received_at },
  ];
  if (kind === "event") return { ...place, kind, ...position, v, event: eventIn(row) } as LogRecord;
  if (kind === "vector") return { ...place, kind, ...position, ...vectorIn(row, features) } as LogRecord;
  return { ...place, ...position, kind, ...payloadIn(row) } as LogRecord;
};

/** Runs a read again when a file that was listed is deleted meanwhile: another file has its records. */
const withRetries = async <T>(read: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof MissingFile) || attempt === 3) throw error;
    }
  }
};

/** The ranges of a partition in the files that `isWanted`, in the order of their offsets. */
const rangesIn = (
  files: readonly LogFile[],
  partition: number,
  isWanted: (range: { date: string; hour: number; last_offset: number }) => boolean,
): FileRange[] =>
  files
    .flatMap((file) =>
      rangesOf(file)
        .filter((range) => range.partition === partition && isWanted({ date: file.date, ...range }))
        .map(({ first_offset, last_offset }) => ({ file, first: first_offset, last: last_offset })),
    )
    .sort((one, other) => one.first - other.first || one.last - other.last);

/** Lists the files of a partition with offsets after one. Offsets increase with time, so the latest days are read. */
const rangesAfter = async (
  bucket: R2Bucket,
  { site, partition }: LoggedPartition,
  after: number,
): Promise<FileRange[]> => {
  const found: FileRange[] = [];
  let without = 0;
  for (const [date, manifests] of [...(await manifestsOf(bucket, site))].reverse()) {
    const { files } = await readDay(bucket, site, date, manifests);
    const own = rangesIn(files, partition, () => true);
    const later = own.filter(({ last }) => last > after);
    found.push(...later);
    if (own.length > 0) without = later.length > 0 ? 0 : without + 1;
    if (without === DAYS_WITHOUT) break;
  }
  return found.sort((one, other) => one.first - other.first || one.last - other.last);
};

/** The offset up to which the files of the first ranges have all records, at least after `after`. */
const endOfFirst = (ranges: readonly FileRange[], after: number): number => {
  const first = Math.max(ranges[0]?.first ?? 0, after + 1);
  const begun = ranges.filter((range) => range.first <= first).map(({ last }) => last);
  const later = ranges.filter((range) => range.first > first).map((range) => range.first - 1);
  return Math.min(...begun, ...later);
};

const readOnce = async (source: LoggedPartition, after: number, limit: number): Promise<LoggedRecords | undefined> => {
  const bucket = bucketOf(source.env);
  const ranges = await rangesAfter(bucket, source, after);
  if (ranges.length === 0) return undefined;
  const through = endOfFirst(ranges, after);
  const files = [...new Set(ranges.filter(({ first }) => first <= through).map(({ file }) => file))];
  const open = await Promise.all(files.map(async (file) => ({ kind: file.kind, ...(await openFile(bucket, file)) })));
  const found: { file: (typeof open)[number]; group: number; place: number; offset: number }[] = [];
  for (const file of open)
    for await (const { group, places } of numbersIn(file, source.partition, "offset"))
      for (const { place, value: offset } of places)
        if (offset > after && offset <= through) found.push({ file, group, place, offset });
  const chosen = found.sort((one, other) => one.offset - other.offset).slice(0, limit);
  const records: LogRecord[] = [];
  for (const file of open)
    for (const group of file.metadata.row_groups.keys()) {
      const places = chosen.filter((each) => each.file === file && each.group === group).map(({ place }) => place);
      if (places.length === 0) continue;
      const rows = await readRows(file, group, places);
      records.push(...rows.map((row) => recordIn(file.kind, row, source.features)));
    }
  return {
    records: records.sort((one, other) => one.offset - other.offset),
    through: found.length > chosen.length ? (chosen.at(-1)?.offset ?? through) : through,
  };
};

/**
 * Reads the next records of a partition after an offset from the files of the log. A record equals the one in the tail,
 * with its fields in another order; a vector has the features of today.
 *
 * @returns `undefined` if the files have no later record.
 */
export const readLogged = (
  source: LoggedPartition,
  after: number,
  limit = MAX_RECORDS,
): Promise<LoggedRecords | undefined> => withRetries(() => readOnce(source, after, limit));

/**
 * Finds the smallest offset of a record in the files that was received at a time or later.
 *
 * @param from UTC milliseconds.
 * @returns `undefined` if the files have no such record.
 */
export const findReceived = (source: LoggedPartition, from: number): Promise<number | undefined> =>
  withRetries(async () => {
    const bucket = bucketOf(source.env);
    const ranges: FileRange[] = [];
    const firstDate = new Date(from).toISOString().slice(0, 10);
    for (const [date, manifests] of await manifestsOf(bucket, source.site)) {
      if (date < firstDate) continue;
      const { files } = await readDay(bucket, source.site, date, manifests);
      const isLater = ({ hour }: { hour: number }) => Date.parse(date) + (hour + 1) * HOUR_MS > from;
      ranges.push(...rangesIn(files, source.partition, isLater));
    }
    let found: number | undefined;
    const read = new Set<LogFile>();
    for (const { file, first } of ranges.sort((one, other) => one.first - other.first)) {
      if (read.has(file) || (found !== undefined && first >= found)) continue;
      read.add(file);
      const open = await openFile(bucket, file);
      const offsets: number[] = [];
      for await (const { places } of numbersIn(open, source.partition, "offset"))
        offsets.push(...places.map(({ value }) => value));
      let row = 0;
      for await (const { places } of numbersIn(open, source.partition, "received_at"))
        for (const { value } of places) {
          const offset = offsets[row] as number;
          row += 1;
          if (value / 1000 >= from && offset < (found ?? Number.POSITIVE_INFINITY)) found = offset;
        }
    }
    return found;
  });
