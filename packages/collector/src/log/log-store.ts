import type { CutFile, LogFile, LogManifest } from "@tidemark/schema/log";
import { measureWait } from "../metrics/waits.ts";
import { keyOf } from "./bucket.ts";
import type { ByteRange } from "./byte-range.ts";
import type { EncodedFile } from "./cut.ts";
import { byManifest, mergeManifest } from "./manifest.ts";
import { changeManifest, manifestsOf, readDay } from "./manifests.ts";

/**
 * Stores a file unless it exists. An existing one has the same records, but other bytes if another version of the
 * collector or of its features has encoded them.
 *
 * @returns Its size in bytes, as it is stored.
 */
export const storeFile = async (bucket: R2Bucket, name: string, bytes: Uint8Array): Promise<number> => {
  const put = async () => bucket.put(keyOf(name), bytes, { onlyIf: { etagDoesNotMatch: "*" } });
  if (await measureWait("put", put)) return bytes.length;
  return (await bucket.head(keyOf(name)))?.size ?? bytes.length;
};

/**
 * Stores the files of a cut, and then lists them in their manifests. A file that exists already stays. Only one object
 * adds files to the manifests of a partition, in the order of their offsets.
 *
 * @returns The files as they are stored.
 */
export const storeFiles = async (bucket: R2Bucket, files: readonly EncodedFile[]): Promise<CutFile[]> => {
  const stored: CutFile[] = [];
  for (const { file, bytes } of files) stored.push({ ...file, bytes: await storeFile(bucket, file.name, bytes) });
  for (const [name, listed] of byManifest(stored))
    await changeManifest<LogManifest>(bucket, name, (manifest) => mergeManifest(manifest, listed));
  return stored;
};

/** Lists the files with records that were received from one UTC date up to another one, both included. */
export const listFiles = async (bucket: R2Bucket, site: string, from: string, to: string): Promise<LogFile[]> => {
  const dates = [...(await manifestsOf(bucket, site))].filter(([date]) => date >= from && date <= to);
  const days = await Promise.all(dates.map(([date, manifests]) => readDay(bucket, site, date, manifests)));
  return days.flatMap(({ files }) => files).sort((one, other) => (one.name < other.name ? -1 : 1));
};

/** Form of the names of files. A longer key, or one of other characters, has never been written. */
const FILE = /^kind=[\w=/.-]{1,400}\.parquet$/;

/** Returns the size of a file in bytes; `undefined` if there is none of this name. */
export const sizeOfFile = async (bucket: R2Bucket, name: string): Promise<number | undefined> =>
  FILE.test(name) ? (await bucket.head(keyOf(name)))?.size : undefined;

/** Stores a file unless it exists. Returns whether it did not. */
export const putFile = async (
  bucket: R2Bucket,
  name: string,
  body: ReadableStream<Uint8Array> | null,
): Promise<boolean> => (await bucket.put(keyOf(name), body, { onlyIf: { etagDoesNotMatch: "*" } })) !== null;

/** Returns a file, or a range of its bytes; `null` if there is none of this name. */
export const getFile = async (bucket: R2Bucket, name: string, range?: ByteRange): Promise<R2ObjectBody | null> =>
  FILE.test(name) ? bucket.get(keyOf(name), range && { range }) : null;
