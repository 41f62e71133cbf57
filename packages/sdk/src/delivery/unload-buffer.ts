import type { QueuedBatch } from "../events/queued-batch.ts";
import { unloadBufferName } from "../storage/site-storage.ts";
import { type StoredValue, storedValue } from "../storage/web-storage.ts";

/** Most batches in the buffer, the latest: at the very most three of the five megabytes that the origin has. */
const MAX_BATCHES = 60;

/**
 * The unsent batches of pages that were left, in localStorage: such a page may not live to see the spool commit, but this is
 * written at once.
 */
export type UnloadBuffer = StoredValue<QueuedBatch[]>;

/** Creates the buffer of a site. `name`: where the site stores, if it may. */
export const createUnloadBuffer = (name: string | false): UnloadBuffer =>
  storedValue("localStorage", unloadBufferName(name));

/** Reads the batches. Any script of the origin may have written there: whatever is not a list of batches counts as none. */
export const readBuffered = (buffer: UnloadBuffer): QueuedBatch[] =>
  [buffer.read()].flat().filter((batch) => batch?.events?.[0]) as QueuedBatch[];

/** Adds batches. */
export const addBuffered = (buffer: UnloadBuffer, batches: QueuedBatch[]): void =>
  buffer.write([...readBuffered(buffer), ...batches].slice(-MAX_BATCHES));
