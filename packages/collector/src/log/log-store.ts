import { LOG_PREFIX, type LogFile, type LogManifest } from "@tidemark/schema/log";
import type { ByteRange } from "./byte-range.ts";
import type { EncodedFile } from "./cut.ts";
import { byManifest, mergeManifest } from "./manifest.ts";

/** The bucket of the log's files. @throws Error for a deployment without one. */
export const bucketOf = ({ LOG }: { LOG?: R2Bucket }): R2Bucket => {
  if (!LOG) throw new Error("wrangler.toml: a site has a log, and no [[r2_buckets]] has the binding LOG");
  return LOG;
};

const keyOf = (name: string): string => `${LOG_PREFIX}${name}`;

/** Reads a manifest; `undefined` if there is none. @throws Error that names a damaged one. */
const readManifest = async (bucket: R2Bucket, name: string): Promise<LogManifest | undefined> => {
  const object = await bucket.get(keyOf(name));
  return object?.json<LogManifest>().catch((cause: unknown) => {
    throw new Error(`${keyOf(name)} in the bucket of the log is damaged: expected a manifest as JSON`, { cause });
  });
};

/**
 * Stores a file unless it exists. An existing one has the same records, but other bytes if another version of the
 * collector or of its features has encoded them.
 *
 * @returns The file as it is stored.
 */
const storeFile = async (bucket: R2Bucket, { file, bytes }: EncodedFile): Promise<LogFile> => {
  const key = keyOf(file.name);
  if (await bucket.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } })) return file;
  const existing = await bucket.head(key);
  return existing ? { ...file, bytes: existing.size } : file;
};

/**
 * Stores files, and then lists them in their manifests. A file that exists already stays. Only one object writes the
 * files and manifests of a partition.
 *
 * @returns The files as they are stored.
 */
export const storeFiles = async (bucket: R2Bucket, files: readonly EncodedFile[]): Promise<LogFile[]> => {
  const stored: LogFile[] = [];
  for (const each of files) stored.push(await storeFile(bucket, each));
  for (const [name, listed] of byManifest(stored)) {
    const manifest = mergeManifest(await readManifest(bucket, name), listed);
    await bucket.put(keyOf(name), JSON.stringify(manifest));
  }
  return stored;
};

/** The name of a manifest, and the records that it lists: those of a partition and UTC date. */
interface ManifestName {
  name: string;
  date: string;
  partition: number;
}

/** Names of a site's manifests. */
async function* manifestsOf(bucket: R2Bucket, site: string): AsyncGenerator<ManifestName> {
  const prefix = keyOf(`manifest/site=${site}/`);
  let cursor: string | undefined;
  do {
    const page: R2Objects = await bucket.list({ prefix, ...(cursor && { cursor }) });
    for (const { key } of page.objects) {
      const [, date = "", partition] = /\/date=([\d-]+)\/(\d+)\.json$/.exec(key) ?? [];
      yield { name: key.slice(LOG_PREFIX.length), date, partition: Number(partition) };
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** Lists the files with records that were received from one UTC date up to another one, both included. */
export const listFiles = async (bucket: R2Bucket, site: string, from: string, to: string): Promise<LogFile[]> => {
  const files: LogFile[] = [];
  for await (const { name, date } of manifestsOf(bucket, site)) {
    if (date >= from && date <= to) files.push(...((await readManifest(bucket, name))?.files ?? []));
  }
  return files.sort((one, other) => (one.name < other.name ? -1 : 1));
};

/** Form of the names of files. A longer key, or one of other characters, has never been written. */
const FILE = /^kind=[\w=/.-]{1,400}\.parquet$/;

/** Returns the size of a file in bytes; `undefined` if there is none of this name. */
export const sizeOfFile = async (bucket: R2Bucket, name: string): Promise<number | undefined> =>
  FILE.test(name) ? (await bucket.head(keyOf(name)))?.size : undefined;

/** Returns a file, or a range of its bytes; `null` if there is none of this name. */
export const getFile = async (bucket: R2Bucket, name: string, range?: ByteRange): Promise<R2ObjectBody | null> =>
  FILE.test(name) ? bucket.get(keyOf(name), range && { range }) : null;

/** Number of files that one call deletes: the platform's limit. */
const MAX_DELETED = 1_000;

/**
 * Deletes a partition's files of the days before a UTC date, and then their manifests.
 *
 * @returns The number of days of which the partition has files after that.
 */
export const expireFiles = async (
  bucket: R2Bucket,
  site: string,
  partition: number,
  oldest: string,
): Promise<number> => {
  let kept = 0;
  for await (const { name, date, partition: owner } of manifestsOf(bucket, site)) {
    if (owner !== partition) continue;
    if (date >= oldest) {
      kept += 1;
      continue;
    }
    const keys = ((await readManifest(bucket, name))?.files ?? []).map((file) => keyOf(file.name));
    for (let start = 0; start < keys.length; start += MAX_DELETED)
      await bucket.delete(keys.slice(start, start + MAX_DELETED));
    await bucket.delete(keyOf(name));
  }
  return kept;
};
