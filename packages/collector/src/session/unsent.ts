import { lengthUpTo } from "../records/frames.ts";

/**
 * The records of a session that its partition has not confirmed, in a column of the session's row. New records are
 * appended in place, and confirmed ones are only skipped, so that a write changes few pages.
 */
export interface Unsent {
  /** The column. Its length fills whole pages and never shrinks. */
  bytes: Uint8Array;
  /** Index of the first byte that is not confirmed. */
  start: number;
  /** Index of the first byte after the records. */
  end: number;
}

/** Length of the unsent records, in bytes, from which the session rejects batches. */
export const MAX_UNSENT = 65_536;

/** Bytes of a value that fit into a page, next to SQLite's own. */
const PAGE = 4_092;

/** The records of a new session. */
export const newUnsent = (): Unsent => ({ bytes: new Uint8Array(0), start: 0, end: 0 });

/** Length of the unsent records, in bytes. */
export const unsentLength = ({ start, end }: Unsent): number => end - start;

const recordsIn = ({ bytes, start, end }: Unsent): Uint8Array => bytes.subarray(start, end);

/** Adds packed records. */
export const addUnsent = (unsent: Unsent, added: Uint8Array): void => {
  if (unsent.end + added.length > unsent.bytes.length) {
    const records = recordsIn(unsent);
    const pages = Math.ceil((records.length + added.length) / PAGE);
    const moved = new Uint8Array(Math.max(unsent.bytes.length, pages * PAGE));
    moved.set(records);
    Object.assign(unsent, { bytes: moved, start: 0, end: records.length });
  }
  unsent.bytes.set(added, unsent.end);
  unsent.end += added.length;
};

/** A copy of the records that are sent with the pushes up to a number; `undefined` if there are none. */
export const unsentUpTo = (unsent: Unsent, push: number): Uint8Array | undefined => {
  const records = recordsIn(unsent);
  const length = lengthUpTo(records, push);
  return length > 0 ? records.slice(0, length) : undefined;
};

/** Removes the records of the pushes up to a number, which are confirmed. */
export const confirmUnsent = (unsent: Unsent, push: number): void => {
  unsent.start += lengthUpTo(recordsIn(unsent), push);
  if (unsent.start === unsent.end) Object.assign(unsent, { start: 0, end: 0 });
};
