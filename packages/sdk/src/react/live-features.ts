import { share, together } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker.ts";

/** A visitor's features as they were read last. Both are `undefined` before the first answer, and on a server. */
export interface LiveFeatures {
  /** The vector of the last read that succeeded. */
  features?: Vector | undefined;
  /** Why the last read failed, if it did. */
  error?: Error | undefined;
}

/** How long after an event it is sent and the vector read, in milliseconds: what comes at once is read at once. */
const READ_AFTER_MS = 1_000;

/** How often the vector is read while nothing happens, in milliseconds: as often as the default features' windows hop. */
const READ_EVERY_MS = 10_000;

/** No read yet: one value for all, since React compares by identity. */
export const NOTHING_READ: LiveFeatures = {};

/** A tracker's vector kept up to date: what hears of each read, and the latest one. A store for React's `useSyncExternalStore`. */
export type LiveVector = [subscribe: (hear: () => void) => () => void, latest: () => LiveFeatures];

/**
 * Keeps a tracker's vector up to date while somebody hears of it: read at first, after the page's own events, every
 * {@link READ_EVERY_MS}, and when the page is shown again. A page that is hidden reads nothing.
 */
export const createLiveVector = (tracker: Tracker): LiveVector => {
  let latest = NOTHING_READ;

  const subscribe = share<void>((tell) => {
    let isReading = false;
    let stopped = false;

    const stopTimers = () => {
      stopSoon();
      stopLater();
    };
    const plan = (start: (ms: number) => void, ms: number) => {
      if (isVisible() && !stopped) start(ms);
    };

    const read = async () => {
      if (isReading) return plan(soon, READ_AFTER_MS);
      isReading = true;
      const reading = tracker.features();
      // What was captured up to here, the totals that this very call asked for included, will be in it.
      stopTimers();
      latest = await reading.then(
        (features) => ({ features }),
        (error) => ({ features: latest.features, error }),
      );
      isReading = false;
      plan(later, READ_EVERY_MS);
      tell();
    };
    const [soon, stopSoon] = createTimer(read);
    const [later, stopLater] = createTimer(read);

    plan(soon, 0);
    return together(
      tracker.on("event", () => plan(soon, READ_AFTER_MS)),
      onPageChange(() => {
        stopTimers();
        plan(soon, 0);
      }),
      () => {
        stopped = true;
        stopTimers();
      },
    );
  });

  return [subscribe, () => latest];
};
