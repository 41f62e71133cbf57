import type { FeatureValue } from "@tidemark/schema";
import type { FollowedPart } from "../delivery/over-web-socket.ts";
import type { Listen } from "../events/tracker-events.ts";
import type { ConsentAnswer } from "../options/consent.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import type { InputOf, Properties, TrackArgs, UntypedEvents } from "./typed-events.ts";

/** A session's feature vector. */
export type Vector = Record<string, FeatureValue>;

/**
 * A tracker: it measures one page for one site.
 *
 * @typeParam Events The site's custom events: a map from each name to its properties. Default: {@link UntypedEvents}.
 * @typeParam Traits The traits of a user.
 * @typeParam Features The session's vector. Default: any features.
 */
export interface Tracker<
  Events extends object = UntypedEvents,
  Traits extends object = Properties,
  Features extends object = Vector,
> {
  /**
   * The id of the current session, with which a server reads the session's features from the collector. Empty while there is no
   * session, for example after {@link Tracker.reset} or a refusal.
   */
  readonly sessionId: string;
  /**
   * Captures a custom event. `name`: 1 to 100 characters; a longer name is cut, and without a name nothing is captured.
   * A property that is not JSON or too large is left out, and the event names it in `dropped_properties`. Each kind of
   * mistake causes one warning.
   */
  track<Name extends keyof Events & string>(name: Name, ...properties: TrackArgs<Events[Name]>): void;
  /**
   * Links the session to a user from now on. `userId`: a text of 1 to 200 characters that is not blank, or a finite number, which counts
   * as its text. Any other value is ignored with a warning, so that visitors without an id do not become one user.
   *
   * @param token The HMAC-SHA256 of the user's id with the site's secret, in lower-case hexadecimal digits: the site's server
   *   vouches for the user. Default: none.
   */
  identify(userId: string | number, traits?: InputOf<Traits>, token?: string): void;
  /** Starts a new visitor from now on, for example after a logout. */
  reset(): void;
  /**
   * Sets the visitor's consent. It can be called again at any time.
   *
   * While measurement is `pending`, the first 500 captured events stay in memory. `granted` sends them. `denied`
   * deletes them, and all data stored on the device under this site's public key. It applies to the site's other open pages too. Unless personalisation is `granted`,
   * no user is sent, and `identify` waits.
   */
  consent(answer: ConsentAnswer): void;
  /** Begins a page view that {@link pageViews} does not detect. */
  page(properties?: Properties): void;
  /**
   * Sends all events captured so far. Resolves when each queued batch is acknowledged.
   *
   * @throws Error if some batches are still queued, which are sent again. Or with each event and batch that the collector
   *   has rejected since the last such error, and the reasons.
   */
  flush(): Promise<void>;
  /**
   * Sends this page's latest events, and then reads the session's features from the collector. Another read may follow:
   * for 15 s the page sends each event within 2 s.
   *
   * @param storedOnly Whether to read immediately, without sending the captured events first. Default: false.
   * @throws Error if the collector cannot be reached, or has no events of the session yet.
   */
  features(storedOnly?: boolean): Promise<Features>;
  /**
   * Follows the session's features while the page is visible: calls `listener` with the current ones, and again after each batch that
   * the collector has acknowledged and that has changed them. It needs the option `follow`, and does nothing without it. It
   * does not change when the page sends its events: see `sendWithin`.
   *
   * @param part A feature set or some features. Default: all features.
   * @returns A function that stops it.
   */
  follow<Name extends keyof Features & string = keyof Features & string>(
    listener: (features: Pick<Features, Name>) => void,
    part?: FollowedPart<Name>,
  ): () => void;
  /** Adds a listener for one type of the tracker's own events. Returns a function that removes it. */
  on: Listen;
  /**
   * Captures the final totals, sends the remaining events, and removes all listeners. A tracker that several calls of
   * `createTracker` share stops at the last of as many calls of `stop`.
   */
  stop(): void;
}

/** Starts a tracker. `Events`, `Traits`, `Features`: see {@link Tracker}. */
export type CreateTracker = <
  Events extends object = UntypedEvents,
  Traits extends object = Properties,
  Features extends object = Vector,
>(
  options: TrackerOptions,
) => Tracker<Events, Traits, Features>;
