import { LOG_PREFIX, type LogFile, type LogManifest } from "@tidemark/schema/log";
import type { EncodedFile } from "./cut.ts";
import { byManifest, mergeManifest } from "./manifest.ts";

/** The bucket of the log's files. @throws Error for a deployment without one. */
export const bucketOf = ({ LOG }: { LOG?: R2Bucket }): R2Bucket => {
  if (!LOG) throw new Error("wrangler.toml: a site has a log, and no [[r2_buckets]] has the binding LOG");
  return LOG;
};

const keyOf = (name: string): string => `${LOG_PREFIX}${name}`;

const readManifest = async (bucket: R2Bucket, name: string): Promise<LogManifest | undefined> =>
  (await bucket.get(keyOf(name)))?.json<LogManifest>();

/**
 * Stores files, and then lists them in their manifests. A file that exists already has the same content, and stays. Only
 * one object writes the files and manifests of a partition.
 */
export const storeFiles = async (bucket: R2Bucket, files: readonly EncodedFile[]): Promise<void> => {
  for (const { file, bytes } of files) await bucket.put(keyOf(file.name), bytes, { onlyIf: { etagDoesNotMatch: "*" } });
  for (const [name, listed] of byManifest(files.map(({ file }) => file))) {
    const manifest = mergeManifest(await readManifest(bucket, name), listed);
    await bucket.put(keyOf(name), JSON.stringify(manifest));
  }
};

/** Names of a site's manifests, with their dates. */
async function* manifestsOf(bucket: R2Bucket, site: string): AsyncGenerator<{ name: string; date: string }> {
  const prefix = keyOf(`manifest/site=${site}/`);
  let cursor: string | undefined;
  do {
    const page: R2Objects = await bucket.list({ prefix, ...(cursor && { cursor }) });
    for (const { key } of page.objects)
      yield { name: key.slice(LOG_PREFIX.length), date: /\/date=([\d-]+)\//.exec(key)?.[1] ?? "" };
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

/** Form of the names of files. The bucket rejects a longer name. */
const FILE = /^kind=.{1,400}\.parquet$/;

/** Returns a file, or the range of its bytes that the headers name; `null` if there is none of this name. */
export const getFile = async (bucket: R2Bucket, name: string, headers: Headers): Promise<R2ObjectBody | null> =>
  FILE.test(name) ? bucket.get(keyOf(name), { range: headers }) : null;

/** Deletes a partition's files of the days before a UTC date, and then their manifests. */
export const expireFiles = async (bucket: R2Bucket, site: string, partition: number, oldest: string): Promise<void> => {
  for await (const { name, date } of manifestsOf(bucket, site)) {
    const files = date < oldest ? ((await readManifest(bucket, name))?.files ?? []) : [];
    if (!files.some((file) => file.partition === partition)) continue;
    await bucket.delete(files.map((file) => keyOf(file.name)));
    await bucket.delete(keyOf(name));
  }
};
