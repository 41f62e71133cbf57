import type { Feature } from "@tidemark/schema";
import { type CutFile, fileName, hourOf, type LogRecord, type RecordTable, recordTable } from "@tidemark/schema/log";
import { ParquetFile } from "./parquet.ts";
import { RowGroup } from "./row-group.ts";

/** A fixed range of a partition's records, in the order of their offsets. It always gives the same files. */
export interface Cut {
  site: string;
  partition: number;
  first_offset: number;
  last_offset: number;
  records: readonly LogRecord[];
}

/** A file with its bytes. */
export interface EncodedFile {
  file: CutFile;
  bytes: Uint8Array;
}

/** A record that no file can hold. */
export interface SetAside {
  record: LogRecord;
  reason: string;
}

/** The files of a cut. Every record is in exactly one file, or set aside. */
export interface EncodedCut {
  files: EncodedFile[];
  setAside: SetAside[];
}

interface Options {
  /** The site's features: each one of the session is a column of vectors. */
  features: readonly Feature[];
  /** Lets other work run, such as a push to the same object. */
  pause: () => Promise<void>;
}

/** A record, with the values by which the records of a file are sorted. */
interface SortedRecord {
  record: LogRecord;
  session_id: string;
  /** Event time in UTC milliseconds; the time of receipt for a record without one. */
  time: number;
  seq: number;
  offset: number;
}

/** The records of one file. */
interface FileRecords extends Pick<CutFile, "kind" | "date" | "hour"> {
  table: RecordTable;
  records: SortedRecord[];
}

const HOUR_MS = 3_600_000;

/** Number of records of a group of rows in a file. Readers keep an index of each group and column in memory. */
const GROUP_RECORDS = 10_000;

/** Number of records that are converted without a pause: in about 10 ms, less than a push may wait. */
const CONVERTED_RECORDS = 2_000;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Adds the values to sort by. They have the right types in any record, so that sorting never fails. */
const withKeys = (record: LogRecord): SortedRecord => {
  const { session_id, time, seq } =
    record.kind === "event"
      ? record.event
      : { ...record, time: record.kind === "vector" ? record.event_time : record.received_at, seq: 0 };
  return {
    record,
    session_id: typeof session_id === "string" ? session_id : "",
    time: Number(time),
    seq: Number(seq),
    offset: Number(record.offset),
  };
};

/** Sorts the records of a file by session, and in it by time. */
const sorted = (records: readonly SortedRecord[]): SortedRecord[] => {
  const sessions = new Map<string, SortedRecord[]>();
  for (const each of records) {
    const ofSession = sessions.get(each.session_id);
    if (ofSession) ofSession.push(each);
    else sessions.set(each.session_id, [each]);
  }
  const inOrder = [...sessions].sort(([one], [other]) => (one < other ? -1 : 1));
  return inOrder.flatMap(([, ofSession]) =>
    ofSession.sort((a, b) => a.time - b.time || a.seq - b.seq || a.offset - b.offset),
  );
};

/** Groups records by kind and hour of receipt. */
const byFile = (
  records: readonly LogRecord[],
  features: readonly Feature[],
  onSetAside: (one: SetAside) => void,
): FileRecords[] => {
  const files = new Map<string, FileRecords>();
  for (const record of records) {
    try {
      const { kind, received_at } = record;
      const key = `${kind} ${Math.floor(received_at / HOUR_MS)}`;
      const file = files.get(key) ?? {
        kind,
        ...hourOf(received_at),
        table: recordTable(kind, features),
        records: [],
      };
      file.records.push(withKeys(record));
      files.set(key, file);
    } catch (error) {
      onSetAside({ record, reason: reasonOf(error) });
    }
  }
  return [...files.values()];
};

/** The encoded records of a file. */
interface Content extends Pick<CutFile, "records" | "min_time" | "max_time"> {
  bytes: Uint8Array;
}

const encode = async (
  { columns, putValues }: RecordTable,
  records: readonly SortedRecord[],
  pause: Options["pause"],
  onSetAside: (one: SetAside) => void,
): Promise<Content> => {
  const parquet = new ParquetFile(columns);
  const figures = { records: 0, min_time: Number.POSITIVE_INFINITY, max_time: Number.NEGATIVE_INFINITY };
  for (let start = 0; start < records.length; start += GROUP_RECORDS) {
    const ofGroup = records.slice(start, start + GROUP_RECORDS);
    const group = new RowGroup(columns, ofGroup.length);
    for (const [index, { record, time }] of ofGroup.entries()) {
      if (index % CONVERTED_RECORDS === 0) await pause();
      try {
        group.add((put) => putValues(record, put));
        figures.min_time = Math.min(figures.min_time, time);
        figures.max_time = Math.max(figures.max_time, time);
      } catch (error) {
        onSetAside({ record, reason: reasonOf(error) });
      }
    }
    figures.records += group.rows;
    if (group.rows > 0) await parquet.write(group, pause);
  }
  return { ...figures, bytes: parquet.finish() };
};

/**
 * Encodes a cut as one file for each kind and hour of receipt in it. A record that cannot be written is set aside, and
 * the others are written.
 */
export const encodeCut = async (cut: Cut, { features, pause }: Options): Promise<EncodedCut> => {
  const { site, partition, first_offset, last_offset } = cut;
  const setAside: SetAside[] = [];
  const onSetAside = (one: SetAside): void => {
    setAside.push(one);
  };
  const files: EncodedFile[] = [];
  for (const { kind, date, hour, table, records } of byFile(cut.records, features, onSetAside)) {
    await pause();
    const content = await encode(table, sorted(records), pause, onSetAside);
    if (content.records === 0) continue;
    const { bytes, ...figures } = content;
    const place = { kind, site, date, hour, partition, first_offset, last_offset };
    files.push({ file: { name: fileName(place), ...place, bytes: bytes.length, ...figures }, bytes });
  }
  return { files, setAside };
};
