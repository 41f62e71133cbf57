import { guard } from "../guard.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { Stop } from "../sensors/listen.ts";
import { createTracker } from "../tracker/create-tracker.ts";
import type { Tracker } from "../tracker/tracker.ts";

/** A tracker that components can hold from their first render on. */
export interface MountedTracker {
  tracker: Tracker;
  /** Makes the tracker measure until the returned function is called. */
  mount(options: TrackerOptions): Stop;
}

/**
 * A tracker that measures while it is mounted. Making one does nothing at all, so that React may render as often as it likes and
 * throw away what it rendered. Where it is not mounted, on a server or without a provider, calls do nothing but say so: in a
 * warning, or by rejecting.
 */
export const createMountedTracker = (): MountedTracker => {
  let mounted: Tracker | undefined;
  const here = (): Tracker => {
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
    track: guard((...event) => here().track(...event)),
    identify: guard((...user) => here().identify(...user)),
    reset: guard(() => here().reset()),
    consent: guard((answer) => here().consent(answer)),
    page: guard((...properties) => here().page(...properties)),
    flush: async () => here().flush(),
    features: async (asStored) => here().features(asStored),
    on: (type, listener) => mounted?.on(type, listener) ?? (() => {}),
    stop: () => mounted?.stop(),
  };
  return {
    tracker,
    mount(options) {
      const mine = createTracker(options);
      mounted = mine;
      // Effects of components below are cleaned up after the provider's, and may want to track.
      return () =>
        setTimeout(() => {
          mine.stop();
          if (mounted === mine) mounted = undefined;
        });
    },
  };
};
