import type { QueuedBatch } from "../events/queued-batch.ts";
import { unloadBufferName } from "../storage/site-storage.ts";
import { slot } from "../storage/web-storage.ts";

/** Most batches in the buffer, the latest: at the very most three of the five megabytes that the origin has. */
const MAX_BATCHES = 60;

/**
 * The unsent batches of pages that were left, in localStorage: such a page may not live to see the spool commit, but this is
 * written at once.
 */
export interface UnloadBuffer {
  read(): QueuedBatch[];
  add(batches: QueuedBatch[]): void;
  /** Removes the `count` batches that were added first. */
  removeFirst(count: number): void;
}

/** Creates the buffer of a site. `name`: where the site stores, if it may. */
export const createUnloadBuffer = (name: string | false): UnloadBuffer => {
  const stored = slot<QueuedBatch[]>("localStorage", unloadBufferName(name));
  /** Any script of the origin may have written there: whatever is not a list of batches counts as none. */
  const read = () => [stored.read()].flat().filter((batch) => batch?.events?.[0]) as QueuedBatch[];
  return {
    read,
    add: (batches) => stored.write([...read(), ...batches].slice(-MAX_BATCHES)),
    removeFirst: (count) => stored.write(read().slice(count)),
  };
};
