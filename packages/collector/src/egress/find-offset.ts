import { findReceived, type LoggedPartition } from "../log/partition-records.ts";
import type { RecordReader } from "./record-reader.ts";

/**
 * Finds the offset of the first record that was received at a time or later, in the files of the log and then in the stream.
 *
 * @param reader Reads the records that are in no file.
 * @param from UTC milliseconds.
 * @returns `undefined` without such a record.
 */
export const findOffset = async (
  logged: LoggedPartition,
  reader: RecordReader,
  from: number,
): Promise<number | undefined> => {
  const found = await findReceived(logged, from);
  if (found !== undefined) return found;
  for (let record = await reader.next(); record; record = await reader.next()) {
    if (record.received_at >= from) return record.offset;
    reader.take();
  }
  return undefined;
};
