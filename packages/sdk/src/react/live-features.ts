import { combineStops, share } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker/tracker.ts";

/** A visitor's features as they were read last. Both are `undefined` before the first answer, and on a server. */
export interface LiveFeatures {
  /** The vector of the last read that succeeded. */
  features?: Vector | undefined;
  /** Why the last read failed, if it did. */
  error?: Error | undefined;
}

/** How often the vector is read while nothing happens, in milliseconds: as often as the default features' windows hop. */
const READ_EVERY_MS = 10_000;

/** No read yet: one value for all, since React compares by identity. */
export const NOTHING_READ: LiveFeatures = {};

/** A tracker's vector kept up to date: a store for React's `useSyncExternalStore`. */
export interface LiveVector {
  /** Adds a listener for each read. Returns a function that removes it. */
  subscribe(listener: () => void): () => void;
  /** The result of the latest read. */
  latest(): LiveFeatures;
}

/**
 * Keeps a tracker's vector up to date while somebody hears of it: read at first, after each answer of the collector to the page's
 * events, every {@link READ_EVERY_MS}, and when the page is shown again. A page that is hidden reads nothing. Reading sends
 * no events, so that what is measured does not depend on who looks; but the first read waits until there is something to read.
 */
export const createLiveVector = (tracker: Tracker): LiveVector => {
  let latest = NOTHING_READ;

  const subscribe = share<void>((emit) => {
    let isReading = false;
    let isStale = false;
    let isStopped = false;

    const plan = (ms: number) => {
      timer.stop();
      if (isVisible() && !isStopped) timer.start(ms);
    };

    const read = async () => {
      isReading = true;
      try {
        if (!latest.features) await tracker.flush();
        // What is acknowledged from here on may not be in it.
        isStale = false;
        latest = { features: await tracker.features(true) };
      } catch (error) {
        latest = { features: latest.features, error: error as Error };
      }
      isReading = false;
      plan(isStale ? 0 : READ_EVERY_MS);
      emit();
    };
    const timer = createTimer(read);

    /** Reads now, or once more when the read under way is done. */
    const refresh = () => {
      isStale = true;
      if (!isReading) plan(0);
    };

    refresh();
    return combineStops(tracker.on("acknowledged", refresh), onPageChange(refresh), () => {
      isStopped = true;
      timer.stop();
    });
  });

  return { subscribe, latest: () => latest };
};
