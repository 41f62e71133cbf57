import { type LogManifest, type RecordKind, recordKinds } from "@tidemark/schema/log";
import type { LogDays } from "../config.ts";
import { deleteObjects, objectsOf } from "./bucket.ts";
import { hoursToCompact } from "./compact-hour.ts";
import { type CompactedManifest, compactedManifestName } from "./manifest.ts";
import { changeManifest, manifestsOf, readDay } from "./manifests.ts";

const DAY_MS = 86_400_000;

/** Number of days for which records of a kind are kept. */
export const daysOf = (days: number | LogDays, kind: RecordKind): number =>
  typeof days === "number" ? days : (days[kind] ?? days.default);

/** The kind in the name of a file. */
const kindIn = (name: string): RecordKind => /^kind=(\w+)\//.exec(name)?.[1] as RecordKind;

/** The result of {@link keepLog}. */
export interface KeptLog {
  /** Whether the log has no files any more. */
  isEmpty: boolean;
  /** The hours that have files to merge. */
  hours: { date: string; hour: number }[];
  /** The days that have replaced files. */
  dates: string[];
}

/**
 * Deletes the files of a site that have expired, and compacted files that an interruption has left unlisted. Finds the
 * hours that nobody has merged.
 */
export const keepLog = async (
  bucket: R2Bucket,
  site: string,
  days: number | LogDays,
  now: number,
): Promise<KeptLog> => {
  const kept: KeptLog = { isEmpty: true, hours: [], dates: [] };
  const known = new Set<string>();
  for (const [date, manifests] of await manifestsOf(bucket, site)) {
    const isExpired = ({ name }: { name: string }): boolean =>
      date < new Date(now - daysOf(days, kindIn(name)) * DAY_MS).toISOString().slice(0, 10);
    const { files, compacted } = await readDay(bucket, site, date, manifests);
    const all = [...files, ...(compacted?.replaced ?? [])];
    const expired = all.filter(isExpired);
    if (expired.length > 0) {
      await deleteObjects(
        bucket,
        expired.map(({ name }) => name),
      );
      for (const manifest of manifests)
        await changeManifest<LogManifest>(bucket, manifest, (current) =>
          current?.files.some(isExpired) ? { files: current.files.filter((file) => !isExpired(file)) } : undefined,
        );
      await changeManifest<CompactedManifest>(bucket, compactedManifestName(site, date), (current) =>
        current && [...current.files, ...current.replaced].some(isExpired)
          ? {
              generation: current.generation + 1,
              files: current.files.filter((file) => !isExpired(file)),
              replaced: current.replaced.filter((file) => !isExpired(file)),
            }
          : undefined,
      );
    }
    if (expired.length === all.length) {
      // Only when all kinds have expired: a record that comes late would be stored in a manifest that is deleted.
      const longest = typeof days === "number" ? days : Math.max(...Object.values(days));
      if (date < new Date(now - longest * DAY_MS).toISOString().slice(0, 10))
        await deleteObjects(bucket, [...manifests, compactedManifestName(site, date)]);
      continue;
    }
    kept.isEmpty = false;
    for (const { name } of all) known.add(name);
    if (compacted && compacted.replaced.length > 0) kept.dates.push(date);
    for (const hour of hoursToCompact(files)) kept.hours.push({ date, hour });
  }
  await deleteUnlisted(bucket, site, known, now);
  return kept;
};

/** Deletes compacted files that are not listed a day after they were stored. */
const deleteUnlisted = async (
  bucket: R2Bucket,
  site: string,
  known: ReadonlySet<string>,
  now: number,
): Promise<void> => {
  for (const kind of recordKinds)
    for await (const { name, uploaded } of objectsOf(bucket, `kind=${kind}/site=${site}/`))
      if (name.includes("/compacted-") && !known.has(name) && uploaded.getTime() < now - DAY_MS)
        await deleteObjects(bucket, [name]);
};
