import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { createTracker, type Tracker, type TrackerOptions } from "../tracker.ts";

/** A tracker that components can hold from their first render on, and what makes it measure until the `Stop` is called. */
export type MountedTracker = [tracker: Tracker, mount: (options: TrackerOptions) => Stop];

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
    track: guard((...told) => here().track(...told)),
    identify: guard((...told) => here().identify(...told)),
    reset: guard(() => here().reset()),
    consent: guard((answer) => here().consent(answer)),
    page: guard((...told) => here().page(...told)),
    flush: async () => here().flush(),
    features: async (asStored) => here().features(asStored),
    on: (type, hear) => mounted?.on(type, hear) ?? (() => {}),
    stop: () => mounted?.stop(),
  };
  return [
    tracker,
    (options) => {
      const mine = createTracker(options);
      mounted = mine;
      // Effects of components below are cleaned up after the provider's, and may want to track.
      return () =>
        setTimeout(() => {
          mine.stop();
          if (mounted === mine) mounted = undefined;
        });
    },
  ];
};
