import { globSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { LOG_PREFIX, type RecordKind, recordKinds } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, type DatabaseOptions, literal, openDatabase } from "./database.ts";
import type { LogSite } from "./log-flags.ts";
import { logTables } from "./log-tables.ts";
import { createLogViews } from "./log-views.ts";
import type { OpenLog } from "./open-log.ts";
import { loadTail } from "./tail.ts";

const KIND = /(?:^|\/)kind=(\w+)\//;

/** The kind of a file's records: a folder of its path. */
const kindOf = (path: string): RecordKind => {
  const kind = KIND.exec(path)?.[1] as RecordKind;
  if (recordKinds.includes(kind)) return kind;
  throw new CommandError(`--log: ${path}: expected a folder kind=<kind>, such as kind=event.`);
};

/**
 * Opens a log in a folder of this machine: a copy of the bucket's folder `log`, or generated visits.
 *
 * @throws CommandError when the folder has no file of the site.
 */
export const openLogFolder = async (
  folder: string,
  { id, features }: LogSite,
  options: DatabaseOptions = {},
): Promise<OpenLog> => {
  const root = resolve(folder);
  if (!(await stat(root).catch(() => undefined))?.isDirectory())
    throw new CommandError(`--log: expected a folder; ${folder} is not one.`);
  const paths = globSync(`**/kind=*/site=${id}/**/*.parquet`, { cwd: root }).toSorted();
  if (paths.length === 0)
    throw new CommandError(`--log: ${folder} has no files of site ${id}, such as kind=event/site=${id}/….parquet.`);
  const database = await openDatabase(options);
  try {
    await loadTail(database, Readable.from([]), features, {});
    const files = paths.map((path) => ({ kind: kindOf(path), path: join(root, path) }));
    await createLogViews(database, [], files);
  } catch (error) {
    database.close();
    throw error;
  }
  return { database, files: [], isEmpty: async () => false, close: database.close };
};

/** The end of a log in a folder, in UTC milliseconds: the time of its latest event. */
export const endOf = async (database: Database): Promise<number> => {
  const [row] = await database.all("SELECT epoch_ms(max(received_at)) AS latest FROM log_events");
  return Number(row?.latest ?? 0);
};

/** Writes the records of the tables of a tail as files of a log, with a folder for each day of their receipt. */
export const writeFolder = async (database: Database, folder: string, site: string): Promise<void> => {
  for (const { name, kinds } of logTables)
    for (const kind of kinds) {
      const [row] = await database.all(`SELECT count(*) AS records FROM ${name} WHERE kind = ${literal(kind)}`);
      if (Number(row?.records) === 0) continue;
      const out = join(folder, LOG_PREFIX, `kind=${kind}`, `site=${site}`);
      await mkdir(out, { recursive: true });
      await database.run(
        `COPY (SELECT * EXCLUDE kind, strftime(received_at, '%Y-%m-%d') AS date FROM ${name} WHERE kind = ${literal(kind)}
           ORDER BY received_at, session_id, arrival)
         TO ${literal(out)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date), OVERWRITE_OR_IGNORE)`,
      );
    }
};
