import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { LogFile } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import type { LogClient } from "./log-client.ts";
import { DAY_MS, type TimeRange } from "./time-range.ts";

/** Number of files that are downloaded at the same time. */
const CONCURRENCY = 8;

/**
 * Path of a file in the cache. A file never changes under its name, but an emptied collector of this machine uses names
 * again: so the path has a hash of the manifest's figures.
 */
const cachedPath = (folder: string, file: LogFile): string => {
  const hash = createHash("sha256").update(JSON.stringify(file)).digest("hex").slice(0, 12);
  return join(folder, file.name.replace(/\.parquet$/, `.${hash}.parquet`));
};

const download = async (client: LogClient, file: LogFile, path: string): Promise<void> => {
  const partial = `${path}.${randomUUID()}.partial`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(await client.file(file), createWriteStream(partial));
    const { size } = await stat(partial);
    if (size !== file.bytes)
      throw new CommandError(`${file.name}: expected ${file.bytes} bytes; received ${size}. Run the command again.`);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
};

const megabytes = (files: readonly LogFile[]): string =>
  (files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);

/**
 * Downloads the files of a log that the cache does not have.
 *
 * @param folder Absolute path of the cache.
 * @returns The paths of all files, in their order.
 */
export const cacheFiles = async (client: LogClient, folder: string, files: readonly LogFile[]): Promise<string[]> => {
  const paths = files.map((file) => cachedPath(folder, file));
  const isCached = await Promise.all(
    paths.map((path, index) =>
      stat(path).then(
        ({ size }) => size === files[index]?.bytes,
        () => false,
      ),
    ),
  );
  const missing = files.flatMap((file, index) => (isCached[index] ? [] : [{ file, path: paths[index] as string }]));
  const waiting = [...missing];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await download(client, next.file, next.path);
      done += 1;
    }
  };
  await withProgress(
    () => `Downloading ${missing.length} files of ${megabytes(missing.map(({ file }) => file))} MB: ${done} done`,
    () => Promise.all(Array.from({ length: CONCURRENCY }, work)),
  );
  return paths;
};

/**
 * Removes files from the cache that the log does not have any more: what has expired there does not stay here.
 *
 * @param listed All files of the log with records that were received in the period.
 */
export const removeUnlisted = async (
  folder: string,
  site: string,
  listed: readonly LogFile[],
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange,
): Promise<void> => {
  const known = new Set(listed.map((file) => cachedPath(folder, file)));
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const [, ofSite, date = ""] = /site=([^/\\]+)[/\\]date=([\d-]+)[/\\].*\.parquet$/.exec(name) ?? [];
    const begin = Date.parse(date);
    const isListedDay = ofSite === site && begin >= from && begin + DAY_MS <= to;
    if (isListedDay && !known.has(join(folder, name))) await rm(join(folder, name), { force: true });
  }
};
