import { join } from "node:path";
import type { LogFile } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type { CollectorAddress } from "./collector-address.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import { cacheFiles, removeUnlisted } from "./file-cache.ts";
import { type LogClient, logClient, MissingFileError } from "./log-client.ts";
import type { LogSite } from "./log-flags.ts";
import { logTables } from "./log-tables.ts";
import { createLogViews, type DownloadedFile } from "./log-views.ts";
import { loadTail } from "./tail.ts";
import { DAY_MS, type TimeRange } from "./time-range.ts";

/** The folder of downloaded files in the deployment's folder. */
const CACHE = ".wrangler/tidemark-log";

/** The folder of a collector's downloaded files. */
export const cacheFolder = ({ folder }: Pick<Deployment, "folder">, { url }: CollectorAddress): string =>
  join(folder, CACHE, new URL(url).host.replace(":", "-"));

/** A log in a database: all records of a period that were stored when it was opened. */
export interface OpenLog {
  /** It has the views of `createLogViews`. */
  database: Database;
  /** The files with records of the period. */
  files: LogFile[];
  /** Whether it has no record. */
  isEmpty(): Promise<boolean>;
  close(): void;
}

/** Options of {@link openLog}. */
export interface OpenLogOptions extends DatabaseOptions {
  /** Period of event times: files without a record in it are not read. Default: the whole log. */
  range?: TimeRange;
  /** Period in which the records were received. Default: from a day before `range` on. */
  received?: TimeRange;
}

/**
 * Whether a file can have records of a period. A record is received after its event time, apart from the error of a
 * corrected clock; so the list begins a day before the period and does not end.
 */
const overlaps = ({ min_time, max_time }: LogFile, { from, to }: TimeRange): boolean =>
  (from === undefined || max_time >= from) && (to === undefined || min_time < to);

const receivedFor = ({ from }: TimeRange): TimeRange => (from === undefined ? {} : { from: from - DAY_MS });

/** Turns an error of DuckDB about a file into one that names the folder of downloaded files. */
const unreadable =
  (cache: string) =>
  (error: Error): never => {
    const [reason] = error.message.split("\n");
    throw new CommandError(
      `A downloaded file of the log cannot be read: ${reason}. Remove ${cache} and run the command again. If it fails again, the file in the bucket is damaged.`,
    );
  };

/** Lists the files of a log with records of a period of event times. @throws CommandError */
export const listFiles = async (client: LogClient, range: TimeRange): Promise<LogFile[]> =>
  (await client.files(receivedFor(range))).filter((file) => overlaps(file, range));

/** Number of lists of files until a missing file is an error. */
const LISTS = 3;

/**
 * Lists files and downloads those that are needed. A file that is replaced or expires meanwhile is missing: then it
 * lists again.
 */
const fetchFiles = async (
  client: LogClient,
  cache: string,
  site: string,
  { range, received }: { range: TimeRange; received: TimeRange },
): Promise<{ listed: LogFile[]; files: (LogFile & DownloadedFile)[] }> => {
  for (let list = 1; ; list += 1) {
    const listed = await client.files(received);
    const files = listed.filter((file) => overlaps(file, range));
    await removeUnlisted(cache, site, listed, received);
    try {
      const paths = await cacheFiles(client, cache, files);
      return { listed, files: files.map((file, index) => ({ ...file, path: paths[index] as string })) };
    } catch (error) {
      if (!(error instanceof MissingFileError) || list === LISTS) throw error;
    }
  }
};

/**
 * Reads the log of a site into a database. It reads the tail first and then lists the files, so that no record is left
 * out which the collector writes into a file in between.
 *
 * @param deployment Its folder has the cache of downloaded files.
 * @throws CommandError
 */
export const openLog = async (
  deployment: Pick<Deployment, "folder">,
  address: CollectorAddress,
  { id, features }: LogSite,
  { range = {}, received = receivedFor(range), memoryLimit }: OpenLogOptions = {},
): Promise<OpenLog> => {
  const client = logClient(address, id);
  const database = await openDatabase(memoryLimit === undefined ? {} : { memoryLimit });
  try {
    await withProgress(
      () => "Reading the records that are in no file yet",
      async () => {
        const problems = await loadTail(database, await client.tail(), features, received);
        for (const problem of problems) console.error(`A record that is not valid is left out: ${problem}`);
      },
    );
    const cache = cacheFolder(deployment, address);
    const { listed, files } = await fetchFiles(client, cache, id, { range, received });
    await createLogViews(database, listed, files).catch(unreadable(cache));
    const isEmpty = async () => {
      const counts = logTables.map(({ name }) => `(SELECT count(*) FROM ${name})`);
      const [row] = await database.all(`SELECT ${counts.join(" + ")} = 0 AS is_empty`);
      return files.length === 0 && row?.is_empty === true;
    };
    return { database, files, isEmpty, close: database.close };
  } catch (error) {
    database.close();
    throw error;
  }
};
