import type { Event, EventType, FeatureValue, FieldsOf, View } from "@tidemark/schema";
import { MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { bytesOf } from "./bytes.ts";
import { createDelivery } from "./delivery/delivery.ts";
import type { Compress } from "./delivery/gzip.ts";
import { guard } from "./guard.ts";
import { createHappenings, type Listen } from "./happenings.ts";
import { mint } from "./identity/mint.ts";
import { createTabNumbers } from "./identity/tab.ts";
import { createVisitorKeeper } from "./identity/visitor.ts";
import { cleanUrl } from "./page-url.ts";
import { now } from "./sensors/clock.ts";
import type { Stop } from "./sensors/listen.ts";
import { onPageChange } from "./sensors/page-state.ts";
import type { Signal, ViewCause, ViewDetails } from "./signals/signal.ts";

/** Options of {@link createTracker}. */
export interface TrackerOptions {
  /** The site's public key, `tm_<site>_…`. */
  key: string;
  /** The collector's origin, as `https://collector.example`. */
  endpoint: string;
  /** What to measure. Default: nothing but what is tracked by hand. */
  signals?: Signal[];
  /** Query parameters that pages' URLs keep, beside `utm_*`. Default: none. */
  queryParameters?: readonly string[];
  /** A session id of the caller's own, 8 to 64 letters, digits, `_` or `-`; it then never ends by itself. */
  sessionId?: string;
  /** Makes requests smaller: {@link gzip}. Default: they go as they are. */
  compress?: Compress;
}

/** JSON that travels with an event: at most 8 KiB. */
export type Properties = Record<string, unknown>;

/** A session's feature vector. */
export type Vector = Record<string, FeatureValue>;

/** Measures one page for one site. */
export interface Tracker {
  /** The session at this moment: what a server asks the collector's features by. */
  readonly sessionId: string;
  /** Reports something of the site's own. `name`: 1 to 100 characters; the collector refuses a longer one, and says so. */
  track(name: string, properties?: Properties): void;
  /** From here on the session belongs to this user. `userId`: 1 to 200 characters. */
  identify(userId: string, traits?: Properties): void;
  /** Begins a page view by hand, where the page knows better than {@link pageViews}. */
  page(properties?: Properties): void;
  /** Sends all that was captured up to now. @throws Error when some of it could not be delivered; it is kept and sent again. */
  flush(): Promise<void>;
  /** The session's features as the collector has them, this page's last events included. @throws Error when it cannot be reached. */
  features(): Promise<Vector>;
  /** Hears of what happens. Returns a function that ends it. */
  on: Listen;
  /** Reports last totals, sends what is left, and leaves no listener behind. */
  stop(): void;
}

type Copied = [fields?: object, bytes?: number];

/**
 * A copy of what a caller adds to an event, as JSON: `{[field]: value}` and its bytes. What is not JSON or is too large is
 * left out with a warning, so that one bad value cannot take a batch with it.
 */
const copy = (field: string, value: Properties | undefined): Copied => {
  if (value)
    try {
      const json = JSON.stringify(value);
      const { length } = bytesOf(json);
      if (length > MAX_PROPERTIES_BYTES) throw `${length} bytes > ${MAX_PROPERTIES_BYTES}`;
      return [{ [field]: JSON.parse(json) }, length];
    } catch (error) {
      console.warn("[tidemark]", field, "dropped:", error);
    }
  return [];
};

/** Starts measuring the page that it is called on. Nothing of it throws into the page. */
export const createTracker = ({
  key,
  endpoint,
  signals = [],
  queryParameters,
  sessionId,
  compress,
}: TrackerOptions): Tracker => {
  const origin = endpoint.replace(/\/$/, "");
  const [on, tell] = createHappenings();
  const [visitorAt, identify] = createVisitorKeeper(key, sessionId);
  const [nextNumber, stopNumbers] = createTabNumbers(key);
  const [deliver, flushDelivery, stopDelivery] = createDelivery(key, origin, tell, compress);
  let visitor = visitorAt(now());
  let view: View;
  let viewIsAnnounced = false;
  let stopped = false;

  const startView = (details?: ViewDetails) => {
    view = {
      view_id: mint(),
      started_at: now(),
      url: cleanUrl(location.href, queryParameters),
      ...details,
    };
    tell("view", view);
  };

  const emit = <T extends EventType>(type: T, fields: FieldsOf<T>, [more, bytes = 0]: Copied = []) => {
    if (stopped) return;
    const { session_id } = visitor;
    const time = now();
    visitor = visitorAt(time);
    if (visitor.session_id !== session_id) {
      startView();
      if (viewIsAnnounced) emit("page_view", { cause: "session" });
    }
    const { tab_id, seq } = nextNumber(visitor.session_id);
    const event = { type, seq, time, view_id: view.view_id, ...fields, ...more } as unknown as Event;
    deliver(event, view, { ...visitor, tab_id }, bytes);
    tell("event", { ...event, tab_id });
  };

  const beginView = (cause: ViewCause, details?: ViewDetails, properties?: Properties) => {
    // What came before the first view was announced belongs to it.
    if (viewIsAnnounced) tell("report", "view_end");
    startView(details);
    viewIsAnnounced = true;
    emit("page_view", { cause }, copy("properties", properties));
    return view;
  };

  startView();
  const stops: Stop[] = [
    onPageChange((change) => change === "hidden" && tell("report", "hidden")),
    stopNumbers,
    stopDelivery,
  ];
  for (const signal of signals) guard(() => stops.unshift(signal({ on, emit, beginView })))();

  const flush = () => {
    tell("report", "flush");
    return flushDelivery();
  };

  return {
    get sessionId() {
      return visitor.session_id;
    },
    track: guard((name, properties) => emit("custom", { name: `${name}` }, copy("properties", properties))),
    identify: guard((userId, traits) => {
      const user_id = `${userId}`.slice(0, 200);
      identify(user_id);
      emit("identify", { user_id }, copy("traits", traits));
    }),
    page: guard((properties) => beginView("manual", undefined, properties)),
    flush,
    async features() {
      await flush();
      const response = await fetch(`${origin}/v1/features/session/${visitor.session_id}?key=${key}`);
      const { error, features } = await response.json();
      if (error) throw new Error(error.message);
      return features;
    },
    on,
    stop: guard(() => {
      tell("report", "view_end");
      stopped = true;
      for (const stop of stops) stop();
    }),
  };
};
