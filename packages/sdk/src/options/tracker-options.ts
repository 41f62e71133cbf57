import type { Event } from "@tidemark/schema";
import type { Compress } from "../delivery/gzip.ts";
import type { Signal } from "../events/signal.ts";
import type { IdentityStore } from "../identity/visitor.ts";
import type { ConsentAnswer } from "./consent.ts";

/** An event as it is captured, before it gets its number. */
export type CapturedEvent = Omit<Event, "seq">;

/** Options of {@link createTracker}. */
export interface TrackerOptions {
  /** The site's public key, `tm_<site>_…`. Without one nothing is measured, and a warning says so. */
  key: string;
  /** The collector's origin, as `https://collector.example`, or `/` for the page's own. Without one nothing is measured. */
  endpoint: string;
  /** What to measure. Default: nothing but what is tracked by hand. */
  signals?: Signal[];
  /** Query parameters that pages' URLs keep, beside `utm_*`. Default: none. */
  queryParameters?: readonly string[];
  /** A session id of the caller's own, 8 to 64 letters, digits, `_` or `-`; it then never ends by itself. Default: the SDK's. */
  sessionId?: string;
  /** Makes requests smaller: {@link gzip}. Default: they go as they are. */
  compress?: Compress;
  /**
   * What the visitor has consented to, as far as the page knows; {@link Tracker.consent} switches it. Default: `granted`, unless
   * the browser has Global Privacy Control switched on, which stands for `denied` until the page says more.
   */
  consent?: ConsentAnswer;
  /** Whether `navigator.doNotTrack` stands for `denied` too. Default: it does not. */
  doNotTrack?: boolean;
  /** Stores nothing on the device: visitor, session and unsent events last as long as the page. Default: false. */
  cookieless?: boolean;
  /** Where the visitor is kept: {@link acrossSubdomains}. Default: in the origin's localStorage. */
  identityStore?: IdentityStore;
  /**
   * Whether the collector keeps the visitor's `anonymous_id` in a cookie of its own, which lives longer than what scripts store; its
   * site's `cookie` has to be on too. Default: false.
   */
  cookie?: boolean;
  /** Changes an event before it is numbered, or keeps it back by returning nothing. Default: every event goes as it is. */
  beforeSend?: (event: CapturedEvent) => CapturedEvent | null | undefined;
}
