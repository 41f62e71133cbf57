import type { QueuedBatch } from "../events/queued-batch.ts";
import { unloadBufferName } from "../storage/site-storage.ts";
import { type StoredValue, storedValue } from "../storage/web-storage.ts";
import { isBatch, isIn } from "./batch.ts";

/** Most batches in the buffer; the latest are kept. They take at most three of the origin's five megabytes. */
const MAX_BATCHES = 60;

/**
 * The unacknowledged batches of pages that were left, in localStorage. A page may end before its spool commits;
 * localStorage is written synchronously.
 */
export type UnloadBuffer = StoredValue<QueuedBatch[]>;

/** Creates a site's buffer. `name`: its storage name, `false` when it may store nothing. */
export const createUnloadBuffer = (name: string | false): UnloadBuffer =>
  storedValue("localStorage", unloadBufferName(name));

/** Reads the batches. Any script of the origin can write to this key: values that are not batches are skipped. */
export const readBuffered = (buffer: UnloadBuffer): QueuedBatch[] => [buffer.read()].flat().filter(isBatch);

/** Adds batches, unless they are there already, and removes the oldest beyond {@link MAX_BATCHES}. */
export const addBuffered = (buffer: UnloadBuffer, batches: QueuedBatch[]): void =>
  buffer.write([...readBuffered(buffer).filter((batch) => !isIn(batches, batch)), ...batches].slice(-MAX_BATCHES));

/** Removes these batches, and leaves those that other pages have added. */
export const removeBuffered = (buffer: UnloadBuffer, batches: QueuedBatch[]): void => {
  const buffered = readBuffered(buffer);
  const left = buffered.filter((batch) => !isIn(batches, batch));
  if (buffered.length > left.length) buffer.write(left[0] && left);
};

/** Replaces a batch by the parts into which it was split, if it is there. */
export const replaceBuffered = (buffer: UnloadBuffer, batch: QueuedBatch, parts: QueuedBatch[]): void => {
  const buffered = readBuffered(buffer);
  if (isIn(buffered, batch)) buffer.write(buffered.flatMap((each) => (isIn([batch], each) ? parts : each)));
};
