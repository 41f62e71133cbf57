import { type LogFile, rangesOf } from "@tidemark/schema/log";
import { keyOf } from "./bucket.ts";
import { manifestsOf, readDay } from "./manifests.ts";
import { ParquetSource } from "./parquet-source.ts";
import { positionOf } from "./stream-records.ts";

/** The traces of a site's partitions in its log. */
export interface LogTraces {
  /** The largest number of a partition with files. */
  largest: number;
  /** The files of the given partition: their latest position, and the latest record of sessions; `undefined` without files. */
  own: { position: number; arrivals: Map<string, number> } | undefined;
}

const HOUR_MS = 3_600_000;

/**
 * Time before now in which the latest records of open sessions were received, in milliseconds. A session ends half an
 * hour after its latest event.
 */
const OPEN_MS = 2 * HOUR_MS;

const isRecent = (file: LogFile, partition: number, since: number): boolean =>
  (file.kind === "event" || file.kind === "vector") &&
  rangesOf(file).some(
    (range) => range.partition === partition && Date.parse(file.date) + (range.hour + 1) * HOUR_MS > since,
  );

/** Finds the largest arrival of each session in a file. */
const readArrivals = (source: ParquetSource, partition: number, arrivals: Map<string, number>): void => {
  const column = (name: string): unknown[] => [...source.read(name)].flatMap(({ values }) => Array.from(values));
  const [sessions, numbers, partitions] = ["session_id", "arrival", "partition"].map(column) as [
    string[],
    bigint[],
    number[],
  ];
  for (const [row, session] of sessions.entries()) {
    if (Number(partitions[row]) !== partition) continue;
    arrivals.set(session, Math.max(arrivals.get(session) ?? 0, Number(numbers[row])));
  }
};

/**
 * Finds the files of a partition whose object has no storage. It returns their latest position, and the number of the
 * latest record of each session that may continue.
 *
 * @returns `undefined` if the log has no files.
 */
export const findTraces = async (
  bucket: R2Bucket,
  site: string,
  partition: number,
  now: number,
): Promise<LogTraces | undefined> => {
  const files: LogFile[] = [];
  for (const [date, manifests] of await manifestsOf(bucket, site))
    files.push(...(await readDay(bucket, site, date, manifests)).files);
  const ranges = files.flatMap(rangesOf);
  if (ranges.length === 0) return undefined;
  const largest = Math.max(...ranges.map((range) => range.partition));
  const offsets = ranges.filter((range) => range.partition === partition).map((range) => range.last_offset);
  if (offsets.length === 0) return { largest, own: undefined };
  const arrivals = new Map<string, number>();
  for (const { name } of files.filter((file) => isRecent(file, partition, now - OPEN_MS))) {
    const object = await bucket.get(keyOf(name));
    if (object) readArrivals(new ParquetSource(new Uint8Array(await object.arrayBuffer())), partition, arrivals);
  }
  return { largest, own: { position: positionOf(Math.max(...offsets)), arrivals } };
};
