import { createHash } from "node:crypto";
import { compactedFileName, type LogFile } from "@tidemark/schema/log";
import { keyOf } from "./bucket.ts";
import { planCompaction } from "./compaction-plan.ts";
import { storeFile } from "./log-store.ts";
import { findDay } from "./manifests.ts";
import { groupByColumns, mergeFiles } from "./merge-files.ts";
import { ParquetSource } from "./parquet-source.ts";
import { replaceFiles } from "./replace-files.ts";

/** A UTC hour of a site's log. */
export interface LogHour {
  site: string;
  date: string;
  /** 0 to 23. */
  hour: number;
}

/** Number of groups that one call merges: each takes some seconds of processor time, of which a call has 30. */
const MAX_GROUPS = 2;

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** The hours of a day that have files to merge. */
export const hoursToCompact = (files: readonly LogFile[]): number[] =>
  HOURS.filter((hour) => planCompaction(files, hour).length > 0);

const read = async (bucket: R2Bucket, file: LogFile): Promise<{ file: LogFile; source: ParquetSource }> => {
  const object = await bucket.get(keyOf(file.name));
  if (!object) throw new Error(`${keyOf(file.name)} is listed, and missing in the bucket of the log`);
  return { file, source: new ParquetSource(new Uint8Array(await object.arrayBuffer())) };
};

/** Files of the same records have the same name, so that an interrupted compaction finds what it has stored. */
const idOf = (files: readonly LogFile[]): string =>
  createHash("sha256")
    .update(files.map(({ name }) => name).join("\n"))
    .digest("hex")
    .slice(0, 16);

/**
 * Merges small files of an hour, as many as one call may: stores each merged file, and then replaces the small ones in the list of the day. An
 * interruption leaves a file that is not listed; a repetition uses it.
 *
 * @param pause Lets other work run.
 * @returns The number of files that were replaced; 0 if there are no more.
 */
export const compactHour = async (
  bucket: R2Bucket,
  { site, date, hour }: LogHour,
  pause: () => Promise<void>,
): Promise<number> => {
  let replaced = 0;
  const { files } = await findDay(bucket, site, date);
  for (const planned of planCompaction(files, hour).slice(0, MAX_GROUPS)) {
    const sources = await Promise.all(planned.map((file) => read(bucket, file)));
    for (const group of groupByColumns(sources)) {
      const { kind } = (group[0] as (typeof group)[number]).file;
      if (group.length < 2) continue;
      const { bytes, ...figures } = await mergeFiles(
        group.map(({ source }) => source),
        kind,
        pause,
      );
      const own = group.map(({ file }) => file);
      const name = compactedFileName({ kind, site, date }, hour, idOf(own));
      const size = await storeFile(bucket, name, bytes);
      const merged = { name, kind, site, date, bytes: size, ...figures };
      const isReplaced = await replaceFiles(
        bucket,
        { site, date, sources: own.map((file) => file.name), files: [merged] },
        Date.now(),
      );
      if (isReplaced) replaced += own.length;
    }
  }
  return replaced;
};
