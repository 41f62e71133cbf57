import { isNumberedKind, type LogFile, rangesOf } from "@tidemark/schema/log";
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

/** The partition in the name of its manifest. */
const partitionIn = (manifest: string): number => Number(/\/(\d+)\.json$/.exec(manifest)?.[1]);

const isOf = (file: LogFile, partition: number): boolean =>
  rangesOf(file).some((range) => range.partition === partition);

const isRecent = (file: LogFile, partition: number, since: number): boolean =>
  isNumberedKind(file.kind) &&
  rangesOf(file).some(
    (range) => range.partition === partition && Date.parse(file.date) + (range.hour + 1) * HOUR_MS > since,
  );

/** Finds the largest arrival of each session in a file. */
const readArrivals = (source: ParquetSource, partition: number, arrivals: Map<string, number>): void => {
  const column = (name: string): unknown[] => [...source.read(name)].flatMap(({ values }) => Array.from(values));
  const [sessions, numbers, partitions] = ["session_id", "arrival", "partition"].map(column) as [
    (string | null)[],
    bigint[],
    number[],
  ];
  for (const [row, session] of sessions.entries()) {
    // A record of a read is not one of a session's own.
    if (typeof session !== "string" || Number(partitions[row]) !== partition) continue;
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
  const dates = [...(await manifestsOf(bucket, site))].sort(([one], [other]) => (one < other ? 1 : -1));
  const numbers = dates.flatMap(([, manifests]) => manifests.map(partitionIn));
  if (numbers.length === 0) return undefined;
  const largest = Math.max(...numbers);
  const files: LogFile[] = [];
  const offsets: number[] = [];
  let days = 0;
  for (const [date, manifests] of dates) {
    if (!manifests.some((name) => partitionIn(name) === partition)) continue;
    const own = (await readDay(bucket, site, date, manifests)).files.filter((file) => isOf(file, partition));
    files.push(...own);
    offsets.push(...own.flatMap(rangesOf).flatMap((range) => (range.partition === partition ? range.last_offset : [])));
    // Offsets increase with time. The latest cut may have records of an earlier date only.
    if (own.length > 0) days += 1;
    if (days === 2) break;
  }
  if (offsets.length === 0) return { largest, own: undefined };
  const arrivals = new Map<string, number>();
  for (const { name } of files.filter((file) => isRecent(file, partition, now - OPEN_MS))) {
    const object = await bucket.get(keyOf(name));
    if (object) readArrivals(new ParquetSource(new Uint8Array(await object.arrayBuffer())), partition, arrivals);
  }
  return { largest, own: { position: positionOf(Math.max(...offsets)), arrivals } };
};
