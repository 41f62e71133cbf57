import type { LogRecord } from "@tidemark/schema/log";
import { unpackRecords } from "../records/packed-records.ts";
import type { StreamEntry, StreamRange } from "../records/stream.ts";

/** Offsets of the records in one entry of a partition's journal: an entry has fewer records than this. */
const OFFSETS_PER_ENTRY = 2 ** 20;

/** The offsets that a range of entries contains. They are the same for every reader, and those of ranges are disjoint. */
export const rangeOffsets = ({ after, to }: StreamRange): { first_offset: number; last_offset: number } => ({
  first_offset: (after + 1) * OFFSETS_PER_ENTRY,
  last_offset: (to + 1) * OFFSETS_PER_ENTRY - 1,
});

/** The position of the entry that a record with an offset is in. */
export const positionOf = (offset: number): number => Math.floor(offset / OFFSETS_PER_ENTRY);

/** Unpacks the records of an entry, with their offsets. */
export function* recordsIn({ position, records }: StreamEntry, site: string, partition: number): Generator<LogRecord> {
  let offset = position * OFFSETS_PER_ENTRY;
  for (const packed of records) {
    for (const record of unpackRecords(packed)) {
      yield { site, partition, offset, ...record };
      offset += 1;
    }
  }
}
