import type { LogManifest } from "@tidemark/schema/log";
import { deleteObjects, keyOf } from "./bucket.ts";
import { type CompactedManifest, compactedManifestName } from "./manifest.ts";
import { changeManifest, findDay, manifestsOf } from "./manifests.ts";

/** Time for which replaced files can still be read, in milliseconds: a reader may have listed them before. */
export const KEPT_MS = 3_600_000;

const isDue = (now: number) => {
  // A time in the future comes from a clock that was set back.
  return ({ at }: { at: number }): boolean => at + KEPT_MS <= now || at > now + KEPT_MS;
};

/**
 * Deletes the replaced files of a day that nobody has to read any more, and takes them out of the manifests. Every step can
 * be repeated.
 *
 * @returns The time of the next deletion in UTC milliseconds; `undefined` without one.
 * @throws Error if a listed file is missing in the bucket: then it deletes nothing.
 */
export const cleanDay = async (
  bucket: R2Bucket,
  site: string,
  date: string,
  now: number,
): Promise<number | undefined> => {
  const { compacted } = await findDay(bucket, site, date);
  if (!compacted || compacted.replaced.length === 0) return undefined;
  const due = new Set(compacted.replaced.filter(isDue(now)).map(({ name }) => name));
  if (due.size > 0) {
    for (const { name } of compacted.files)
      if (!(await bucket.head(keyOf(name)))) throw new Error(`${keyOf(name)} is listed, and missing in the bucket`);
    await deleteObjects(bucket, [...due]);
    for (const manifest of (await manifestsOf(bucket, site)).get(date) ?? [])
      await changeManifest<LogManifest>(bucket, manifest, (current) => {
        const files = (current?.files ?? []).filter(({ name }) => !due.has(name));
        return current && files.length < current.files.length ? { files } : undefined;
      });
    await changeManifest<CompactedManifest>(bucket, compactedManifestName(site, date), (current) =>
      current
        ? {
            ...current,
            generation: current.generation + 1,
            replaced: current.replaced.filter(({ name }) => !due.has(name)),
          }
        : undefined,
    );
  }
  const next = compacted.replaced.filter(({ name }) => !due.has(name)).map(({ at }) => at + KEPT_MS);
  return next.length > 0 ? Math.min(...next) : undefined;
};
