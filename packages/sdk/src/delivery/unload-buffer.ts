import type { QueuedBatch } from "../events/queued-batch.ts";
import { unloadBufferName } from "../storage/site-storage.ts";
import { type StoredValue, storedValue } from "../storage/web-storage.ts";

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
export const readBuffered = (buffer: UnloadBuffer): QueuedBatch[] =>
  [buffer.read()].flat().filter((batch) => batch?.events?.[0]) as QueuedBatch[];

/** Adds batches, and removes the oldest beyond {@link MAX_BATCHES}. */
export const addBuffered = (buffer: UnloadBuffer, batches: QueuedBatch[]): void =>
  buffer.write([...readBuffered(buffer), ...batches].slice(-MAX_BATCHES));
