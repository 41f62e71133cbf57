import { guard } from "../guard.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import { Error, Map } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import { createTracker } from "../tracker/create-tracker.ts";
import type { Tracker } from "../tracker/tracker.ts";

/**
 * Stops of trackers that are no longer mounted, by public key. They wait until the components below have cleaned up, or
 * until the next tracker with their key is mounted: it would be the same tracker otherwise.
 */
const waitingStops = new Map<string, Stop>();

/** A tracker that components can use from their first render on. */
export interface MountedTracker {
  tracker: Tracker;
  /** Starts measuring. Returns a function that stops it. */
  mount(options: TrackerOptions): Stop;
}

/**
 * Creates a tracker that measures while it is mounted.
 *
 * The creation has no side effects, so that React may render repeatedly and discard renders. While the tracker is not mounted, on a
 * server or without a provider, calls have no effect but a warning or a rejected promise.
 */
export const createMountedTracker = (): MountedTracker => {
  let mounted: Tracker | undefined;
  const requireMounted = (): Tracker => {
    if (!mounted)
      throw new Error(
        "nothing is measured here: call this in an effect or an event handler, below a <TidemarkProvider>.",
      );
    return mounted;
  };
  const tracker: Tracker = {
    get sessionId() {
      return mounted?.sessionId ?? "";
    },
    track: guard((...event) => requireMounted().track(...event)),
    identify: guard((...user) => requireMounted().identify(...user)),
    reset: guard(() => requireMounted().reset()),
    consent: guard((answer) => requireMounted().consent(answer)),
    page: guard((...properties) => requireMounted().page(...properties)),
    flush: async () => requireMounted().flush(),
    features: async (storedOnly) => requireMounted().features(storedOnly),
    follow: (listener, part) => mounted?.follow(listener, part) ?? (() => {}),
    on: (type, listener) => mounted?.on(type, listener) ?? (() => {}),
    stop: () => mounted?.stop(),
  };
  return {
    tracker,
    mount(options) {
      const { key } = options;
      waitingStops.get(key)?.();
      const started = createTracker(options);
      mounted = started;
      const stop = () => {
        stopTimer.stop();
        waitingStops.delete(key);
        started.stop();
        if (mounted === started) mounted = undefined;
      };
      // React cleans up the effects of components below after the provider's, and they may still track.
      const stopTimer = createTimer(stop);
      return () => {
        waitingStops.set(key, stop);
        stopTimer.start();
      };
    },
  };
};
