import type { FeatureValue } from "@tidemark/schema";
import type { Listen } from "../events/tracker-events.ts";
import type { ConsentAnswer } from "../options/consent.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { InputOf, Properties, TrackArgs, UntypedEvents } from "./typed-events.ts";

/** A session's feature vector. */
export type Vector = Record<string, FeatureValue>;

/**
 * Measures one page for one site.
 *
 * @typeParam Events The site's own events by name, and what goes with each: {@link UntypedEvents} when it is not said.
 * @typeParam Traits What the site says of a user.
 */
export interface Tracker<Events extends object = UntypedEvents, Traits extends object = Properties> {
  /** The session at this moment: what a server asks the collector's features by. Empty while there is none, as after {@link Tracker.reset}. */
  readonly sessionId: string;
  /** Reports something of the site's own. `name`: 1 to 100 characters; the collector refuses a longer one, and says so. */
  track<Name extends keyof Events & string>(name: Name, ...properties: TrackArgs<Events[Name]>): void;
  /** From here on the session belongs to this user. `userId`: 1 to 200 characters. */
  identify(userId: string, traits?: InputOf<Traits>): void;
  /** From here on the visitor is another: somebody has logged out. */
  reset(): void;
  /**
   * Says what the visitor consents to; it can be said again at any time. Measurement `pending`: what is captured stays in memory,
   * the first 500 events, until it is `granted` and sent, or `denied` and forgotten, with all that this site's key
   * has stored on the device. Personalisation not `granted`: no user is named, and `identify` waits.
   */
  consent(answer: ConsentAnswer): void;
  /** Begins a page view by hand, where the page knows better than {@link pageViews}. */
  page(properties?: Properties): void;
  /** Sends all that was captured up to now. @throws Error when some of it could not be delivered; it is kept and sent again. */
  flush(): Promise<void>;
  /**
   * The session's features as the collector has them, this page's last events included.
   *
   * @param asStored Whether to ask at once, without sending first what was captured. Default false.
   * @throws Error when the collector cannot be reached, or knows nothing of the session yet.
   */
  features(asStored?: boolean): Promise<Vector>;
  /** Adds a listener for one type of the tracker's own events. Returns a function that removes it. */
  on: Listen;
  /** Reports last totals, sends what is left, and leaves no listener behind. */
  stop(): void;
}

/** Starts a tracker. `Events`, `Traits`: see {@link Tracker}. */
export type CreateTracker = <Events extends object = UntypedEvents, Traits extends object = Properties>(
  options: TrackerOptions,
) => Tracker<Events, Traits>;
