import { type LogFile, type OffsetRange, rangesOf } from "@tidemark/schema/log";
import { type Database, literal, quote } from "./database.ts";
import { type LogTable, logTables, tableOf } from "./log-tables.ts";
import type { TimeRange } from "./time-range.ts";

/** A file of the log on this machine. */
export interface DownloadedFile extends Pick<LogFile, "kind"> {
  /** Absolute path. */
  path: string;
}

const hourSql = (date: string, { hour }: OffsetRange): string =>
  `TIMESTAMP '${date} ${String(hour).padStart(2, "0")}:00:00'`;

/**
 * Removes rows of the tail that a file has: the collector wrote them into it after the tail was read. The hour matters:
 * a cut has one file for each, and the last of them may not be listed yet.
 */
const removeWritten = async (database: Database, { name }: LogTable, files: readonly LogFile[]): Promise<void> => {
  if (files.length === 0) return;
  const written = files.flatMap((file) =>
    rangesOf(file).map((range) => {
      const { partition, first_offset, last_offset } = range;
      return `(${literal(file.kind)}, ${partition}, ${first_offset}, ${last_offset}, ${hourSql(file.date, range)})`;
    }),
  );
  await database.run(
    `DELETE FROM ${name} AS tail
     USING (VALUES ${written.join(", ")}) AS file (kind, partition, first_offset, last_offset, hour)
     WHERE tail.kind = file.kind AND tail.partition = file.partition
       AND tail."offset" BETWEEN file.first_offset AND file.last_offset
       AND date_trunc('hour', tail.received_at) = file.hour`,
  );
};

/** The rows of the files of a table. Their times have a zone; TIMESTAMPs in UTC need no extension of DuckDB. */
const filesSql = ({ times, kinds }: LogTable, files: readonly DownloadedFile[]): string[] => {
  const replaced = times.map((name) => `make_timestamp(epoch_us(${quote(name)})) AS ${quote(name)}`).join(", ");
  return kinds.flatMap((kind) => {
    const paths = files.filter((file) => file.kind === kind).map(({ path }) => literal(path));
    if (paths.length === 0) return [];
    const read = `read_parquet([${paths.join(", ")}], union_by_name = true, hive_partitioning = false)`;
    return [`SELECT ${literal(kind)} AS kind, * REPLACE (${replaced}) FROM ${read}`];
  });
};

/**
 * Casts of the features' columns to their types in the table of the tail, which has those of the site's definitions. An
 * earlier definition of the same name can have had another type: its values are converted, or NULL.
 */
const featureCasts = async (database: Database, table: string): Promise<string> => {
  const columns = await database.all(`DESCRIBE ${table}`);
  const casts = columns
    .filter(({ column_name }) => String(column_name).startsWith("feature_"))
    .map(({ column_name, column_type }) => {
      const name = quote(String(column_name));
      return `TRY_CAST(${name} AS ${column_type}) AS ${name}`;
    });
  return casts.length > 0 ? ` REPLACE (${casts.join(", ")})` : "";
};

/**
 * Creates the views `log_events`, `log_vectors` and `log_records` (records of all other kinds), with the rows of the
 * files and of the tail, each once. Times are TIMESTAMPs in UTC.
 *
 * @param listed All files of the collector's list, also those that were not downloaded: a row of the tail that one of
 * them has is left out.
 */
export const createLogViews = async (
  database: Database,
  listed: readonly LogFile[],
  files: readonly DownloadedFile[],
): Promise<void> => {
  for (const table of logTables) {
    await removeWritten(
      database,
      table,
      listed.filter(({ kind }) => tableOf(kind) === table),
    );
    const sources = [`SELECT * FROM ${table.name}`, ...filesSql(table, files)];
    const casts = await featureCasts(database, table.name);
    await database.run(`CREATE VIEW ${table.view} AS SELECT *${casts} FROM (${sources.join("\nUNION ALL BY NAME\n")})`);
  }
};

/** A condition that a time is in a period; TRUE without bounds. */
export const inRange = (time: string, { from, to }: TimeRange): string => {
  const bounds = [
    from === undefined ? [] : [`${time} >= make_timestamp(${from * 1000})`],
    to === undefined ? [] : [`${time} < make_timestamp(${to * 1000})`],
  ].flat();
  return bounds.join(" AND ") || "TRUE";
};
