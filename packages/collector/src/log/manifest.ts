import {
  type CompactedFile,
  type CutFile,
  type LogFile,
  type LogManifest,
  manifestName,
  type OffsetRange,
  rangesOf,
} from "@tidemark/schema/log";

/** The files by the name of the manifest that lists them. */
export const byManifest = (files: readonly CutFile[]): Map<string, CutFile[]> => {
  const manifests = new Map<string, CutFile[]>();
  for (const file of files) manifests.set(manifestName(file), [...(manifests.get(manifestName(file)) ?? []), file]);
  return manifests;
};

/** Adds files to a manifest, sorted by name. A file of a name that it has already changes nothing. */
export const mergeManifest = (manifest: LogManifest | undefined, added: readonly CutFile[]): LogManifest => {
  const files = new Map([...added, ...(manifest?.files ?? [])].map((file) => [file.name, file]));
  return { files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
};

/** A file that compacted files have replaced. */
interface ReplacedFile {
  name: string;
  /** UTC milliseconds. */
  at: number;
}

/** The compacted files of a site and day. */
export interface CompactedManifest {
  /** Number of changes. */
  generation: number;
  files: CompactedFile[];
  /** The files that are not deleted yet. */
  replaced: ReplacedFile[];
}

/** Name of the manifest of a site's compacted files of a day, without the prefix of the log. */
export const compactedManifestName = (site: string, date: string): string =>
  `manifest/site=${site}/date=${date}/compacted.json`;

const placeOf = (kind: string, { hour, partition }: OffsetRange): string => `${kind} ${hour} ${partition}`;

/**
 * The files of a day: those of cuts, except for the records that compacted files have, and the compacted files.
 *
 * @param cuts The files in the manifests of the partitions, which were read before `compacted`.
 */
export const filesOfDay = (cuts: readonly CutFile[], compacted: CompactedManifest | undefined): LogFile[] => {
  const ranges = new Map<string, OffsetRange[]>();
  for (const file of compacted?.files ?? [])
    for (const range of file.ranges) {
      const place = placeOf(file.kind, range);
      ranges.set(place, [...(ranges.get(place) ?? []), range]);
    }
  const isCompacted = (file: CutFile) =>
    ranges
      .get(placeOf(file.kind, file))
      ?.some(({ first_offset, last_offset }) => first_offset <= file.first_offset && last_offset >= file.last_offset);
  return [...cuts.filter((file) => !isCompacted(file)), ...(compacted?.files ?? [])];
};

/**
 * Unites the ranges of files. Two ranges are united if no other file of their kind has records between them: the
 * partition has none there.
 *
 * @param all All files of the same kind and day.
 */
export const unitedRanges = (files: readonly LogFile[], all: readonly LogFile[]): OffsetRange[] => {
  const own = new Set(files);
  const sorted = all
    .flatMap((file) => rangesOf(file).map((range) => ({ range, isOwn: own.has(file) })))
    .sort((a, b) => {
      const [one, other] = [a.range, b.range];
      return one.hour - other.hour || one.partition - other.partition || one.first_offset - other.first_offset;
    });
  const united: OffsetRange[] = [];
  let open: OffsetRange | undefined;
  for (const { range, isOwn } of sorted) {
    const { hour, partition, first_offset, last_offset } = range;
    if (open && (open.hour !== hour || open.partition !== partition)) open = undefined;
    // Several files can have the same range.
    if (!isOwn) open = open && last_offset <= open.last_offset ? open : undefined;
    else if (open) open.last_offset = Math.max(open.last_offset, last_offset);
    else {
      open = { hour, partition, first_offset, last_offset };
      united.push(open);
    }
  }
  return united;
};
