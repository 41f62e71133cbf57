import type { RecordKind } from "./record.ts";

/** Prefix of the keys of the log's objects. */
export const LOG_PREFIX = "log/v1/";

/** A file of the log, as in a manifest and in the response of `GET /v1/log/files`. */
export interface LogFile {
  /** Key of the object without {@link LOG_PREFIX}. */
  name: string;
  kind: RecordKind;
  site: string;
  /** UTC date at which the records were received, such as `2026-11-29`. */
  date: string;
  /** UTC hour at which the records were received: 0 to 23. */
  hour: number;
  partition: number;
  /** First offset of the cut that the file belongs to. */
  first_offset: number;
  /** Last offset of the cut that the file belongs to. */
  last_offset: number;
  /** Number of records. */
  records: number;
  /** Size in bytes. */
  bytes: number;
  /** Smallest event time in UTC milliseconds: `time` of events, `event_time` of vectors, else `received_at`. */
  min_time: number;
  /** Largest event time in UTC milliseconds. */
  max_time: number;
}

/** The files of one partition and day. */
export interface LogManifest {
  files: LogFile[];
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

/** Name of a file. Names of the same partition and hour sort by offset. */
export const fileName = (
  file: Pick<LogFile, "kind" | "site" | "date" | "hour" | "partition" | "first_offset" | "last_offset">,
): string => {
  const { kind, site, date, hour, partition, first_offset, last_offset } = file;
  const folder = `kind=${kind}/site=${site}/date=${date}/hour=${padded(hour, 2)}`;
  return `${folder}/${partitionName(partition)}-${padded(first_offset, 16)}-${padded(last_offset, 16)}.parquet`;
};

/** Name of the manifest of a partition and day, without {@link LOG_PREFIX}. */
export const manifestName = ({ site, date, partition }: Pick<LogFile, "site" | "date" | "partition">): string =>
  `manifest/site=${site}/date=${date}/${partitionName(partition)}.json`;
