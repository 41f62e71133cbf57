import type { RecordKind } from "./record.ts";

/** Prefix of the keys of the log's objects. */
export const LOG_PREFIX = "log/v1/";

/** Offsets of the records of a partition that were received in one UTC hour. */
export interface OffsetRange {
  /** 0 to 23. */
  hour: number;
  partition: number;
  first_offset: number;
  last_offset: number;
}

/** The fields of all files. */
interface FileFields {
  /** Key of the object without {@link LOG_PREFIX}. */
  name: string;
  kind: RecordKind;
  site: string;
  /** UTC date at which the records were received, such as `2026-11-29`. */
  date: string;
  /** Number of records. */
  records: number;
  /** Size in bytes. */
  bytes: number;
  /** Smallest event time in UTC milliseconds: `time` of events, `event_time` of vectors, else `received_at`. */
  min_time: number;
  /** Largest event time in UTC milliseconds. */
  max_time: number;
}

/** A file with the records of one cut that were received in one hour. The offsets are those of the cut. */
export interface CutFile extends FileFields, OffsetRange {}

/** A file that has replaced others. With the files of the same ranges, it has each record of its kind in them. */
export interface CompactedFile extends FileFields {
  ranges: OffsetRange[];
}

/** A file of the log, as in a manifest and in the response of `GET /v1/log/files`. */
export type LogFile = CutFile | CompactedFile;

/** Whether a file has the records of a whole day. */
export const isDayFile = ({ name }: LogFile): boolean => name.includes("/hour=all/");

/** The ranges of the records in a file. */
export const rangesOf = (file: LogFile): readonly OffsetRange[] => ("ranges" in file ? file.ranges : [file]);

/** The files that cuts of one partition have written on one day. */
export interface LogManifest {
  files: CutFile[];
}

/** Names of the folders' keys. Readers of Hive's layout take a column of this name from the path, not from the file. */
export const FOLDER_KEYS = ["kind", "site", "date", "hour"] as const;

const padded = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** Name of a partition in names of objects: at least two digits. */
const partitionName = (partition: number): string => padded(partition, 2);

/** The UTC date and hour of a time in UTC milliseconds. */
export const hourOf = (time: number): { date: string; hour: number } => {
  const at = new Date(time);
  return { date: at.toISOString().slice(0, 10), hour: at.getUTCHours() };
};

const folderOf = ({ kind, site, date }: Pick<LogFile, "kind" | "site" | "date">, hour: string): string =>
  `kind=${kind}/site=${site}/date=${date}/hour=${hour}`;

/** Name of the file of a cut. Names of the same partition and hour sort by offset. */
export const fileName = (
  file: Pick<CutFile, "kind" | "site" | "date" | "hour" | "partition" | "first_offset" | "last_offset">,
): string => {
  const { hour, partition, first_offset, last_offset } = file;
  const name = `${partitionName(partition)}-${padded(first_offset, 16)}-${padded(last_offset, 16)}`;
  return `${folderOf(file, padded(hour, 2))}/${name}.parquet`;
};

/**
 * Name of a compacted file.
 *
 * @param hour 0 to 23; `undefined` for a file with the records of a whole day.
 * @param id Differs between the files of the folder: 1 to 64 letters, digits and `-`.
 */
export const compactedFileName = (
  file: Pick<LogFile, "kind" | "site" | "date">,
  hour: number | undefined,
  id: string,
): string => `${folderOf(file, hour === undefined ? "all" : padded(hour, 2))}/compacted-${id}.parquet`;

/** Name of the manifest of a partition and day, without {@link LOG_PREFIX}. */
export const manifestName = ({ site, date, partition }: Pick<CutFile, "site" | "date" | "partition">): string =>
  `manifest/site=${site}/date=${date}/${partitionName(partition)}.json`;
