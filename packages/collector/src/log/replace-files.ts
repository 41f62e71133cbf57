import type { CompactedFile, LogFile } from "@tidemark/schema/log";
import { parquetMetadataAsync } from "hyparquet";
import { keyOf } from "./bucket.ts";
import { type CompactedManifest, compactedManifestName, unitedRanges } from "./manifest.ts";
import { changeManifest, findDay } from "./manifests.ts";

/** A stored file that replaces others. Its ranges are theirs. */
type Replacement = Omit<CompactedFile, "ranges">;

/** Files of one kind and day, and stored files with the same records. */
export interface Replaced {
  site: string;
  date: string;
  /** The names of the listed files. */
  sources: readonly string[];
  files: readonly Replacement[];
}

const recordsIn = (files: readonly Pick<LogFile, "records">[]): number =>
  files.reduce((sum, { records }) => sum + records, 0);

/**
 * Replaces files in the list of a day, in one write. Readers that have listed the replaced ones can read them for some
 * time: {@link CompactedManifest.replaced}.
 *
 * @returns Whether they are replaced; false if one of them is not listed any more.
 * @throws Error if the new files have another number of records.
 */
export const replaceFiles = async (
  bucket: R2Bucket,
  { site, date, sources, files }: Replaced,
  now: number,
): Promise<boolean> => {
  const names = new Set(sources);
  let isReplaced = false;
  await changeManifest<CompactedManifest>(bucket, compactedManifestName(site, date), async (current) => {
    // The change is computed from `current`: the list must be that of the same generation.
    const day = await findDay(bucket, site, date);
    const listed = day.files.filter(({ name }) => names.has(name));
    isReplaced = listed.length === names.size;
    if (!isReplaced) return undefined;
    const [all, kept] = [recordsIn(listed), recordsIn(files)];
    if (all !== kept) throw new Error(`${sources[0]}: its replacement has ${kept} of ${all} records`);
    const { kind } = listed[0] as LogFile;
    const ranges = unitedRanges(
      listed,
      day.files.filter((file) => file.kind === kind),
    );
    return {
      generation: (current?.generation ?? 0) + 1,
      files: [
        ...(current?.files ?? []).filter(({ name }) => !names.has(name)),
        ...files.map((file) => ({ ...file, ranges })),
      ],
      replaced: [...(current?.replaced ?? []), ...sources.map((name) => ({ name, at: now }))],
    };
  });
  return isReplaced;
};

/** The number of rows and bytes of a stored file. @throws Error for a missing file, or one that is not Parquet. */
const figuresOf = async (bucket: R2Bucket, name: string): Promise<{ rows: number; bytes: number }> => {
  const bytes = (await bucket.head(keyOf(name)))?.size;
  if (bytes === undefined) throw new Error(`the log has no file ${name}`);
  const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
    const part = await bucket.get(keyOf(name), { range: { offset: start, length: end - start } });
    return part ? part.arrayBuffer() : new ArrayBuffer();
  };
  const { num_rows } = await parquetMetadataAsync({ byteLength: bytes, slice });
  return { rows: Number(num_rows), bytes };
};

/**
 * Replaces files by others that an operator has stored, after a check of these.
 *
 * @returns The reason, if they are not replaced.
 */
export const replaceByStored = async (
  bucket: R2Bucket,
  replaced: Replaced,
  now: number,
): Promise<string | undefined> => {
  try {
    const files: Replacement[] = [];
    for (const file of replaced.files) {
      const { rows, bytes } = await figuresOf(bucket, file.name);
      if (rows !== file.records) return `${file.name} has ${rows} records; expected ${file.records}`;
      files.push({ ...file, bytes });
    }
    return (await replaceFiles(bucket, { ...replaced, files }, now))
      ? undefined
      : "some of the replaced files are not listed any more";
  } catch (error) {
    return (error as Error).message;
  }
};
