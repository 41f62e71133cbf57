import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type CompactedFile, compactedFileName, isDayFile, type LogFile, type RecordKind } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, literal } from "./database.ts";
import type { LogClient } from "./log-client.ts";

/** Number of records for which a day has one file: a request has at most 100 MB. */
const FILE_RECORDS = 2_000_000;

/**
 * Order of the rows by kind. Events of one type have values in the same columns, so that a file is a fifth smaller than
 * by session alone.
 */
const orderOf = (kind: RecordKind): string =>
  kind === "event"
    ? `"type", session_id, "time", seq, partition, "offset"`
    : kind === "vector"
      ? `session_id, event_time, partition, "offset"`
      : `received_at, partition, "offset"`;

const timeOf = (kind: RecordKind): string =>
  kind === "event" ? `"time"` : kind === "vector" ? "event_time" : "received_at";

/**
 * Settings of a day's file. A dictionary of more values would be larger than the values. Level 6 of the compression takes
 * half of the time of 9, and 1 % more bytes.
 */
const FORMAT =
  "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 6, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1000, ROW_GROUP_SIZE 250000";

/** The files of one kind and day. */
export interface DayFiles {
  kind: RecordKind;
  date: string;
  files: LogFile[];
}

/** The days that have ended and have files to merge, of each kind. */
export const daysToCompact = (files: readonly LogFile[], now: number): DayFiles[] => {
  const today = new Date(now).toISOString().slice(0, 10);
  const days = new Map<string, DayFiles>();
  for (const file of files) {
    const { kind, date } = file;
    if (date >= today) continue;
    const day = days.get(`${date} ${kind}`) ?? { kind, date, files: [] };
    day.files.push(file);
    days.set(`${date} ${kind}`, day);
  }
  return [...days.values()]
    .filter((day) => day.files.length > 1 && !day.files.every(isDayFile))
    .sort((one, other) => (one.date < other.date ? -1 : one.date > other.date ? 1 : one.kind < other.kind ? -1 : 1));
};

/** SQL that writes records of one kind into the file of a day. @param source The table of the records. */
export const writeDaySql = (kind: RecordKind, source: string, path: string): string =>
  `COPY (SELECT * FROM ${source} ORDER BY ${orderOf(kind)}) TO ${literal(path)} (${FORMAT})`;

/** A number that depends on the records in a table, and not on their order. */
const CHECKSUM = `count(*) AS records, CAST(sum(CAST(hash(partition, "offset") AS HUGEINT)) AS VARCHAR) AS checksum`;

/** The columns that have different types in some files: a definition of a feature has changed. */
const conflictsIn = async (database: Database, paths: string): Promise<string[]> => {
  const columns = await database.all(
    `SELECT name FROM parquet_schema(${paths}) WHERE type IS NOT NULL GROUP BY name HAVING count(DISTINCT type) > 1`,
  );
  return columns.map(({ name }) => name as string);
};

/** A merged day. */
export interface CompactedDay {
  kind: RecordKind;
  date: string;
  /** Number of files before, and after. */
  before: number;
  after: number;
  records: number;
  bytes_before: number;
  bytes: number;
  /** The reason why the files stay. */
  kept?: string;
}

/**
 * Merges the files of a kind and day with DuckDB, stores the result in the bucket of the log, and lists it in their place.
 *
 * @param paths The downloaded files.
 * @throws CommandError if the list has changed meanwhile.
 */
export const compactDay = async (
  client: LogClient,
  database: Database,
  site: string,
  { kind, date, files }: DayFiles,
  paths: readonly string[],
): Promise<CompactedDay> => {
  const sum = (some: readonly { records: number; bytes: number }[], field: "bytes" | "records") =>
    some.reduce((total, each) => total + each[field], 0);
  const records = sum(files, "records");
  const before = { kind, date, before: files.length, records, bytes_before: sum(files, "bytes") };
  const list = `[${paths.map(literal).join(", ")}]`;
  const conflicts = await conflictsIn(database, list);
  if (conflicts.length > 0)
    return {
      ...before,
      ...{ after: files.length, bytes: before.bytes_before },
      kept: `${conflicts.join(", ")}: other types in some files`,
    };
  const source = `read_parquet(${list}, union_by_name = true, hive_partitioning = false)`;
  const parts = Math.max(1, Math.ceil(records / FILE_RECORDS));
  const sources = files.map(({ name }) => name).sort();
  const id = createHash("sha256").update(sources.join("\n")).digest("hex").slice(0, 16);
  const merged: Omit<CompactedFile, "ranges">[] = [];
  const written: string[] = [];
  for (let part = 0; part < parts; part += 1) {
    const path = join(database.folder, `day-${part}.parquet`);
    const owned = `(SELECT * FROM ${source} WHERE hash(coalesce(session_id, '')) % ${parts} = ${part})`;
    await database.run(writeDaySql(kind, owned, path));
    written.push(path);
    const [figures] = await database.all(
      `SELECT count(*) AS records, epoch_us(min(${timeOf(kind)})) // 1000 AS min_time,
         epoch_us(max(${timeOf(kind)})) // 1000 AS max_time, (SELECT size FROM read_blob(${literal(path)})) AS bytes
       FROM read_parquet(${literal(path)})`,
    );
    const [rows, min_time, max_time, bytes] = ["records", "min_time", "max_time", "bytes"].map((name) =>
      Number(figures?.[name] ?? 0),
    ) as [number, number, number, number];
    if (rows === 0) continue;
    const name = compactedFileName({ kind, site, date }, undefined, `${id}-${part}`);
    merged.push({ name, kind, site, date, records: rows, bytes, min_time, max_time });
    await client.store(name, createReadStream(path), bytes);
  }
  const checksums = await Promise.all(
    [source, `read_parquet([${written.map(literal).join(", ")}])`].map((table) =>
      database.all(`SELECT ${CHECKSUM} FROM ${table}`),
    ),
  );
  if (JSON.stringify(checksums[0], textOf) !== JSON.stringify(checksums[1], textOf))
    throw new CommandError(`${date}: the merged files of kind ${kind} differ from the others. Run the command again.`);
  for (const path of written) await rm(path, { force: true });
  const reason = await client.replace({ date, sources, files: merged });
  if (reason !== undefined)
    throw new CommandError(`The log of ${date} has changed meanwhile: ${reason}. Run the command again.`);
  return { ...before, after: merged.length, bytes: sum(merged, "bytes") };
};

const textOf = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
