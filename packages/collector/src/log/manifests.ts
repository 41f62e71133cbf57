import type { CutFile, LogFile, LogManifest } from "@tidemark/schema/log";
import { keyOf, objectsOf } from "./bucket.ts";
import { type CompactedManifest, compactedManifestName, filesOfDay } from "./manifest.ts";

/** A manifest in the bucket. */
interface StoredManifest<T> {
  value: T;
  etag: string;
  /** Its size in bytes. */
  size: number;
}

/** Reads a manifest; `undefined` if there is none. @throws Error that names a damaged one. */
const readManifest = async <T>(bucket: R2Bucket, name: string): Promise<StoredManifest<T> | undefined> => {
  const object = await bucket.get(keyOf(name));
  if (!object) return undefined;
  const value = await object.json<T>().catch((cause: unknown) => {
    throw new Error(`${keyOf(name)} in the bucket of the log is damaged: expected a manifest as JSON`, { cause });
  });
  return { value, etag: object.etag, size: object.size };
};

/**
 * Changes a manifest. When another writer changes it at the same time, the change is computed again.
 *
 * @param change Returns the next manifest; `undefined` for no change.
 */
export const changeManifest = async <T extends LogManifest | CompactedManifest>(
  bucket: R2Bucket,
  name: string,
  change: (current: T | undefined) => T | undefined | Promise<T | undefined>,
): Promise<void> => {
  for (;;) {
    const stored = await readManifest<T>(bucket, name);
    const next = await change(stored?.value);
    if (next === undefined) return;
    const onlyIf = stored ? { etagMatches: stored.etag } : { etagDoesNotMatch: "*" };
    if (await bucket.put(keyOf(name), JSON.stringify(next), { onlyIf })) return;
  }
};

/** The manifests of a site's partitions by UTC date, in order. A date may have compacted files only. */
export const manifestsOf = async (bucket: R2Bucket, site: string): Promise<Map<string, string[]>> => {
  const dates = new Map<string, string[]>();
  for await (const { name } of objectsOf(bucket, `manifest/site=${site}/`)) {
    const [, date, manifest] = /\/date=([\d-]+)\/(\d+|compacted)\.json$/.exec(name) ?? [];
    if (date === undefined) continue;
    const ofDate = dates.get(date) ?? [];
    if (manifest !== "compacted") ofDate.push(name);
    dates.set(date, ofDate);
  }
  return dates;
};

/** The log of a site and day. */
export interface LogDay {
  files: LogFile[];
  compacted: CompactedManifest | undefined;
  /** Size of the manifests in bytes. */
  bytes: number;
}

/**
 * Reads the files of a day. It reads the manifest of compacted files last: a file leaves the manifest of its partition
 * only when a compacted file has its records.
 *
 * @param manifests The manifests of its partitions.
 */
export const readDay = async (
  bucket: R2Bucket,
  site: string,
  date: string,
  manifests: readonly string[],
): Promise<LogDay> => {
  const cuts: CutFile[] = [];
  let bytes = 0;
  for (const stored of await Promise.all(manifests.map((name) => readManifest<LogManifest>(bucket, name)))) {
    cuts.push(...(stored?.value.files ?? []));
    bytes += stored?.size ?? 0;
  }
  const compacted = await readManifest<CompactedManifest>(bucket, compactedManifestName(site, date));
  return {
    files: filesOfDay(cuts, compacted?.value),
    compacted: compacted?.value,
    bytes: bytes + (compacted?.size ?? 0),
  };
};

/** Reads the files of a day, whose manifests are not known. */
export const findDay = async (bucket: R2Bucket, site: string, date: string): Promise<LogDay> => {
  const names: string[] = [];
  for await (const { name } of objectsOf(bucket, `manifest/site=${site}/date=${date}/`))
    if (/\/\d+\.json$/.test(name)) names.push(name);
  return readDay(bucket, site, date, names);
};
