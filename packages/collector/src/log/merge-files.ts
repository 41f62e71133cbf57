import type { LogColumn, RecordKind } from "@tidemark/schema/log";
import { ParquetColumns } from "./parquet.ts";
import type { ParquetSource } from "./parquet-source.ts";

/** A file that has the rows of others. */
export interface MergedFile {
  bytes: Uint8Array;
  records: number;
  /** Smallest and largest event time, in UTC milliseconds. */
  min_time: number;
  max_time: number;
}

/** The column of a record's event time, by its kind. */
const timeColumnOf = (kind: RecordKind): string =>
  kind === "event" ? "time" : kind === "vector" ? "event_time" : "received_at";

/** The columns of several files. @throws Error for a column with two types: see {@link groupByColumns}. */
const unionOf = (sources: readonly ParquetSource[]): LogColumn[] => {
  const columns = new Map<string, LogColumn>();
  for (const source of sources) {
    for (const column of source.columns) {
      const known = columns.get(column.name);
      if (known && known.type !== column.type) throw new Error(`${column.name}: ${known.type} and ${column.type}`);
      columns.set(column.name, { ...column, required: column.required && (known?.required ?? true) });
    }
  }
  const isEverywhere = (name: string) => sources.every(({ columns }) => columns.some((each) => each.name === name));
  return [...columns.values()].map((each) => ({ ...each, required: each.required && isEverywhere(each.name) }));
};

/** Groups files so that within a group a column has one type: a feature's type changes with its definition. */
export const groupByColumns = <T extends { source: ParquetSource }>(files: readonly T[]): T[][] => {
  const groups: { types: Map<string, string>; files: T[] }[] = [];
  for (const file of files) {
    const { columns } = file.source;
    const accepts = ({ types }: { types: Map<string, string> }) =>
      columns.every(({ name, type }) => (types.get(name) ?? type) === type);
    const group = groups.find(accepts) ?? { types: new Map<string, string>(), files: [] as T[] };
    if (group.files.length === 0) groups.push(group);
    for (const { name, type } of columns) group.types.set(name, type);
    group.files.push(file);
  }
  return groups.map(({ files }) => files);
};

/** Reads the values of a column of all files. `row` is the number of a row over all files. */
const readInto = (
  sources: readonly ParquetSource[],
  name: string,
  put: (row: number, value: unknown) => void,
): void => {
  let first = 0;
  for (const source of sources) {
    for (const { start, values } of source.read(name))
      for (let index = 0; index < values.length; index += 1) put(first + start + index, values[index]);
    first += source.rows;
  }
};

const numbersOf = (sources: readonly ParquetSource[], name: string, rows: number): Float64Array => {
  const numbers = new Float64Array(rows);
  readInto(sources, name, (row, value) => {
    numbers[row] = Number(value ?? 0);
  });
  return numbers;
};

/** The order of the rows, and their event times in microseconds. */
interface Order {
  /** Place of each row in the merged file. */
  places: Int32Array;
  times: Float64Array;
}

/** Sorts rows by session, and in it by time, as the files of a cut are. */
const orderOf = (sources: readonly ParquetSource[], kind: RecordKind, rows: number): Order => {
  const bySession = new Map<string, number[]>();
  const sessions = new Array<string>(rows).fill("");
  readInto(sources, "session_id", (row, value) => {
    sessions[row] = (value as string | null | undefined) ?? "";
  });
  for (const [row, session] of sessions.entries()) {
    const own = bySession.get(session);
    if (own) own.push(row);
    else bySession.set(session, [row]);
  }
  const times = numbersOf(sources, timeColumnOf(kind), rows);
  const seqs = numbersOf(sources, "seq", rows);
  const offsets = numbersOf(sources, "offset", rows);
  const partitions = numbersOf(sources, "partition", rows);
  const difference = (values: Float64Array, a: number, b: number) => (values[a] as number) - (values[b] as number);
  const places = new Int32Array(rows);
  let place = 0;
  for (const [, own] of [...bySession].sort(([one], [other]) => (one < other ? -1 : 1))) {
    own.sort(
      (a, b) =>
        difference(times, a, b) || difference(seqs, a, b) || difference(offsets, a, b) || difference(partitions, a, b),
    );
    for (const row of own) {
      places[row] = place;
      place += 1;
    }
  }
  return { places, times };
};

/**
 * Merges files of one kind into one, column by column: only the values of one column are in memory at a time.
 *
 * @param pause Lets other work run, before each column.
 */
export const mergeFiles = async (
  sources: readonly ParquetSource[],
  kind: RecordKind,
  pause: () => Promise<void>,
): Promise<MergedFile> => {
  const records = sources.reduce((sum, source) => sum + source.rows, 0);
  const { places, times } = orderOf(sources, kind, records);
  const columns = unionOf(sources);
  const parquet = new ParquetColumns(columns, records);
  for (const column of columns) {
    await pause();
    const values = new Array<unknown>(records).fill(null);
    let isEmpty = true;
    readInto(sources, column.name, (row, value) => {
      if (value === null || value === undefined) return;
      values[places[row] as number] = value;
      isEmpty = false;
    });
    parquet.write(column, values, isEmpty);
  }
  let [min_time, max_time] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    min_time = Math.min(min_time, time / 1000);
    max_time = Math.max(max_time, time / 1000);
  }
  return { bytes: parquet.finish(), records, min_time, max_time };
};
