import { isDayFile, type LogFile, rangesOf } from "@tidemark/schema/log";

/**
 * Largest number of records in a compacted file, and bytes of the files that are merged into it. A Worker has 128 MB of
 * memory and 30 seconds of processor time.
 */
const MAX = { records: 400_000, bytes: 32_000_000 };

/** Number of records from which a compacted file is not merged again: late records would write it again and again. */
const FULL = MAX.records / 2;

const isSmall = (file: LogFile): boolean => !("ranges" in file) || file.records < FULL;

/** Whether all records of a file were received in an hour. A file of a whole day stays. */
const isOfHour = (file: LogFile, hour: number): boolean =>
  !isDayFile(file) && rangesOf(file).every((range) => range.hour === hour);

/**
 * Decides which files of an hour are merged: at least two of the same kind, in the order of partition and offset. The
 * files of a group become one.
 */
export const planCompaction = (files: readonly LogFile[], hour: number): LogFile[][] => {
  const groups: { files: LogFile[]; records: number; bytes: number }[] = [];
  const positionOf = (file: LogFile) => rangesOf(file)[0] ?? { partition: 0, first_offset: 0 };
  const candidates = files
    .filter((file) => isSmall(file) && isOfHour(file, hour))
    .sort((one, other) => {
      const [a, b] = [positionOf(one), positionOf(other)];
      if (one.kind !== other.kind) return one.kind < other.kind ? -1 : 1;
      return a.partition - b.partition || a.first_offset - b.first_offset;
    });
  for (const file of candidates) {
    const { kind, records, bytes } = file;
    const group = groups.at(-1);
    const fits =
      group?.files[0]?.kind === kind && group.records + records <= MAX.records && group.bytes + bytes <= MAX.bytes;
    if (group && fits) {
      group.files.push(file);
      group.records += records;
      group.bytes += bytes;
    } else groups.push({ files: [file], records, bytes });
  }
  return groups.map((group) => group.files).filter((group) => group.length > 1);
};
