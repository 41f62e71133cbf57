import { combineStops, share } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker/tracker.ts";

/**
 * The result of the latest read of a visitor's features. Both fields are `undefined` before the first read, and on a server.
 *
 * @typeParam Features The session's vector. Default: any features.
 */
export interface LiveFeatures<Features extends object = Vector> {
  /** The vector of the latest read that succeeded. */
  features?: Features | undefined;
  /** The error of the latest read, if it failed. */
  error?: Error | undefined;
}

/** The interval of reads without other causes, in milliseconds. It equals the hop of the windows of the default features. */
const READ_EVERY_MS = 10_000;

/** The state before the first read: one constant, because React compares by identity. */
export const NOTHING_READ: LiveFeatures = {};

/** A vector of a tracker that is kept up to date: a store for React's `useSyncExternalStore`. */
export interface LiveVector {
  /** Adds a listener for each read. Returns a function that removes it. */
  subscribe(listener: () => void): () => void;
  /** The result of the latest read. */
  latest(): LiveFeatures;
}

/** Creates a vector that the collector sends after each change, while it has listeners. */
export const createFollowedVector = (tracker: Tracker): LiveVector => {
  let latest = NOTHING_READ;
  const subscribe = share<void>((emit) =>
    tracker.follow((features) => {
      latest = { features };
      emit();
    }),
  );
  return { subscribe, latest: () => latest };
};

/**
 * Creates a vector that is kept up to date while it has listeners.
 *
 * It is read when the first listener is added, after each response of the collector to the page's events, every
 * {@link READ_EVERY_MS}, and when the page is shown again. A hidden page reads nothing. A read captures no totals, so that
 * the measurement does not depend on reads; it only makes the page send its events within 2 s. Only until a read has
 * succeeded, each read captures the totals and sends the events first, so that the collector has a session to read.
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
        // Events that the collector has rejected or not yet received do not keep it from responding.
        if (!latest.features) await tracker.flush().catch(() => {});
        // The response may lack events that are acknowledged from here on.
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

    /** Reads now or, during a read, once more after it. */
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
