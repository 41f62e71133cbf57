import type { Event, Traffic } from "@tidemark/schema";
import type { Compress } from "../delivery/compression.ts";
import type { Follow } from "../delivery/over-web-socket.ts";
import type { Signal } from "../events/signal.ts";
import type { IdentityStore } from "../identity/visitor.ts";
import type { Reactions } from "../reactions/reactions.ts";
import type { ConsentAnswer } from "./consent.ts";

/** A captured event, before it gets its number. */
export type CapturedEvent = Omit<Event, "seq">;

/** Options of {@link createTracker}. */
export interface TrackerOptions {
  /** The site's public key, `tm_<site>_…`. Without a valid key the tracker only warns and measures nothing. */
  key: string;
  /**
   * The collector's URL, such as `https://collector.example`, or `/` for the page's origin. It may have a path, to which the tracker
   * adds its routes: with `/t`, events go to `/t/v1/events` of the page's origin, whatever the page's `<base>` says. A query, a
   * fragment and credentials are invalid, and so is a path that contains the route. Without a valid endpoint nothing is measured.
   */
  endpoint: string;
  /** The signals to measure. Default: none, only the events that the page tracks itself. */
  signals?: Signal[];
  /** The query parameters that URLs keep, in addition to `utm_*`. Default: none. */
  queryParameters?: readonly string[];
  /** A session id from the caller: 8 to 64 letters, digits, `_` or `-`. Such a session never ends. Default: an id from the SDK. */
  sessionId?: string;
  /**
   * Whether a visible page compresses request bodies of more than 1 KB, or the function that compresses them: one that
   * returns gzip. Default: {@link gzip}, where the browser has it.
   */
  compress?: boolean | Compress;
  /** The connection by which {@link Tracker.follow} receives features: {@link overWebSocket}. Default: none. */
  follow?: Follow;
  /** Receives the site's reactions for listeners of `reaction`: {@link reactions}. Default: the page takes no reactions. */
  reactions?: Reactions;
  /**
   * Longest time that a visible page keeps a captured event to send it with others, in milliseconds: 0 to 600000. Events
   * are sent earlier in the first seconds of a page view and while the page reads features, and at once when they are
   * urgent or the page is hidden. Fewer and larger batches cost less. Default: 60000.
   */
  sendWithin?: number;
  /**
   * The kind of traffic, when it is not visitors': `test` for automated tests, `internal` for the site's own people. Training
   * sets leave its events out. Default: visitors.
   */
  traffic?: Traffic;
  /**
   * The visitor's consent when the tracker starts. {@link Tracker.consent} changes it later. Default: `granted`, or `denied` if Global
   * Privacy Control is on. The browser's `denied` wins over this option until the page calls {@link Tracker.consent}.
   */
  consent?: ConsentAnswer;
  /** Whether `navigator.doNotTrack` counts as `denied` too. Default: false. */
  doNotTrack?: boolean;
  /** Stores nothing on the device: visitor, session and unacknowledged events last as long as the page. Default: false. */
  cookieless?: boolean;
  /** The storage of the visitor's identity: {@link acrossSubdomains}. Default: the origin's localStorage. */
  identityStore?: IdentityStore;
  /**
   * Whether the collector stores the visitor's `anonymous_id` in a cookie, which lasts longer than data stored by scripts. The site's
   * `cookie` must be on in the collector's configuration too. Default: false.
   */
  cookie?: boolean;
  /** Changes an event before it gets its number, or drops it by returning nothing. Default: events stay unchanged. */
  beforeSend?: (event: CapturedEvent) => CapturedEvent | null | undefined;
}
