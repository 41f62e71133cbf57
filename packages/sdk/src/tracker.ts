import type { Event, EventType, FeatureValue, FieldsOf, View } from "@tidemark/schema";
import { MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { bytesOf } from "./bytes.ts";
import { browserDenies, type ConsentAnswer, type Purposes } from "./consent.ts";
import { createDelivery, type Delivery } from "./delivery/delivery.ts";
import type { Compress } from "./delivery/gzip.ts";
import type { Sender } from "./delivery/parcel.ts";
import { guard } from "./guard.ts";
import { createHappenings, type Listen } from "./happenings.ts";
import { mint } from "./identity/mint.ts";
import { erase } from "./identity/storage.ts";
import { createTabNumbers, type TabNumbers } from "./identity/tab.ts";
import { createVisitorKeeper, type Visitor, type VisitorKeeper, type VisitStore } from "./identity/visitor.ts";
import { cleanUrl } from "./page-url.ts";
import { now } from "./sensors/clock.ts";
import type { Stop } from "./sensors/listen.ts";
import { onPageChange } from "./sensors/page-state.ts";
import type { Signal, ViewCause, ViewDetails } from "./signals/signal.ts";
import type { FreeEvents, Meant, Properties, Said } from "./typed-events.ts";

/** An event as it is captured, before it gets its number. */
export type Captured = Omit<Event, "seq">;

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
  visitStore?: VisitStore;
  /**
   * Whether the collector keeps the visitor's `anonymous_id` in a cookie of its own, which lives longer than what scripts store; its
   * site's `cookie` has to be on too. Default: false.
   */
  cookie?: boolean;
  /** Changes an event before it is numbered, or keeps it back by returning nothing. Default: every event goes as it is. */
  beforeSend?: (event: Captured) => Captured | null | undefined;
}

/** A session's feature vector. */
export type Vector = Record<string, FeatureValue>;

/**
 * Measures one page for one site.
 *
 * @typeParam Events The site's own events by name, and what goes with each: {@link FreeEvents} when it is not said.
 * @typeParam Traits What the site says of a user.
 */
export interface Tracker<Events extends object = FreeEvents, Traits extends object = Properties> {
  /** The session at this moment: what a server asks the collector's features by. Empty while there is none, as after {@link Tracker.reset}. */
  readonly sessionId: string;
  /** Reports something of the site's own. `name`: 1 to 100 characters; the collector refuses a longer one, and says so. */
  track<Name extends keyof Events & string>(name: Name, ...properties: Said<Events[Name]>): void;
  /** From here on the session belongs to this user. `userId`: 1 to 200 characters. */
  identify(userId: string, traits?: Meant<Traits>): void;
  /** From here on the visitor is another: somebody has logged out. */
  reset(): void;
  /**
   * Says what the visitor consents to; it can be said again at any time. Measurement `pending`: what is captured stays in memory,
   * the first {@link MAX_HELD} events, until it is `granted` and sent, or `denied` and forgotten, with all that this site's key
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
const copy = (field: string, value: unknown): Copied => {
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

/** An event with its view and the bytes of JSON that a caller added to it. */
type Posting = [event: Captured, view: View, load: number];

/** All that stores and sends. */
type Connection = [...VisitorKeeper, ...TabNumbers, ...Delivery];

/** Most events that wait for the visitor's consent: the first. */
const MAX_HELD = 500;

/** Starts a tracker. `Events`, `Traits`: see {@link Tracker}. */
type CreateTracker = <Events extends object = FreeEvents, Traits extends object = Properties>(
  options: TrackerOptions,
) => Tracker<Events, Traits>;

/** Starts measuring the page that it is called on. Nothing of it throws into the page. */
export const createTracker: CreateTracker = (
  {
    key,
    endpoint,
    signals = [],
    queryParameters,
    sessionId,
    compress,
    consent,
    doNotTrack,
    cookieless,
    visitStore,
    cookie,
    beforeSend = (event) => event,
  } = {} as TrackerOptions,
) => {
  const name = `tidemark.${key}`;
  const keptAs = !cookieless && name;
  let credentials: RequestCredentials = cookie ? "include" : "omit";
  const origin = `${endpoint}`.replace(/\/$/, "");
  const [on, tell] = createHappenings();
  const purposes: Purposes = { measurement: "granted", personalisation: "granted" };
  /** What was answered, if anything was: another object for each answer. */
  let answered: Sender["consent"];
  /** There is one while the visitor may be measured. */
  let connection: Connection | undefined;
  /** What is captured while there is no answer. */
  let held: Posting[] | undefined;
  let visitor: Visitor | undefined;
  let user: [fields: FieldsOf<"identify">, traits: Copied] | undefined;
  let view: View;
  let viewIsAnnounced = false;
  // A wrong key would have every batch refused, and a wrong endpoint tell somebody else.
  let stopped = !/^tm_.+_/.test(key) || !/^(https?:\/)?\//.test(endpoint);
  if (stopped)
    console.warn(
      `[tidemark] nothing is measured: wanted key "tm_<site>_…" and endpoint "https://…", not "${key}" and "${endpoint}"`,
    );

  const startView = (details?: ViewDetails) => {
    view = {
      view_id: mint(),
      started_at: now(),
      url: cleanUrl(location.href, queryParameters),
      ...details,
    };
    tell("view", view);
  };

  const post = (captured: Captured, view: View, load: number) => {
    if (stopped) return;
    if (held) {
      if (held.length < MAX_HELD) held.push([captured, view, load]);
    } else if (connection && visitor) {
      const { tab_id, seq } = connection[3](visitor.session_id);
      const event = { ...captured, seq } as Event;
      connection[5](event, view, { ...visitor, tab_id, consent: answered }, load);
      tell("event", { ...event, tab_id });
    }
  };

  const emit = guard(<T extends EventType>(type: T, fields: FieldsOf<T>, [more, load = 0]: Copied = []) => {
    const time = now();
    if (connection && !held) {
      const before = visitor;
      visitor = connection[0](time);
      if (before?.session_id !== visitor.session_id) {
        startView();
        if (viewIsAnnounced) emit("page_view", { cause: "session" });
      }
    }
    const event = beforeSend({ type, time, view_id: view.view_id, ...fields, ...more } as Captured);
    if (event) post(event, view, load);
  }) as <T extends EventType>(type: T, fields: FieldsOf<T>, copied?: Copied) => void;

  const beginView = (cause: ViewCause, details?: ViewDetails, properties?: Properties) => {
    // What came before the first view was announced belongs to it.
    if (viewIsAnnounced) tell("report", "view_end");
    startView(details);
    viewIsAnnounced = true;
    emit("page_view", { cause }, copy("properties", properties));
    return view;
  };

  /** Names the user, if there is one and it may be done. */
  const introduce = () => {
    if (!connection) return;
    if (purposes.personalisation !== "granted") connection[1](undefined);
    else if (user) {
      connection[1](user[0].user_id);
      emit("identify", ...user);
    }
  };

  const agree = guard((answer?: ConsentAnswer) => {
    if (stopped) return;
    if (answer) {
      Object.assign(purposes, typeof answer === "string" ? { measurement: answer, personalisation: answer } : answer);
      // It goes with events, and so after a yes to being measured.
      answered = { ...purposes } as Sender["consent"];
    }
    const { measurement } = purposes;
    if (measurement === "granted") {
      if (!connection) {
        connection = [
          ...createVisitorKeeper(key, keptAs, sessionId, visitStore),
          ...createTabNumbers(keptAs),
          ...createDelivery(key, origin, tell, keptAs, () => credentials, compress),
        ];
        visitor ??= connection[0](now());
      }
      const postings = held ?? [];
      held = undefined;
      for (const posting of postings) post(...posting);
      introduce();
    } else if (measurement === "denied") {
      disconnect(true);
      connection = undefined;
      erase(name);
      visitStore?.(name).write(undefined);
      forgetCookie();
    } else held ??= [];
  });

  /** Has the collector's cookie expire. No later request of this page brings or takes one, whichever comes first. */
  const forgetCookie = () => {
    if (cookie)
      fetch(`${origin}/v1/forget?key=${key}`, { method: "POST", credentials: "include", keepalive: true }).catch(
        () => {},
      );
    credentials = "omit";
  };

  const disconnect = (forgets: boolean) => {
    connection?.[4]();
    connection?.[7](forgets);
    held = undefined;
  };

  startView();
  agree(browserDenies(doNotTrack) ? "denied" : consent);
  const newSession = () => {
    connection?.[2](true);
    visitor = connection?.[0](now());
  };
  const stops: Stop[] = [onPageChange((change) => change === "hidden" && tell("report", change))];
  // What is no list is taken for one signal: it is not to throw into the page.
  for (const signal of [signals].flat()) guard(() => stops.unshift(signal({ on, emit, beginView, newSession })))();

  const consented = () => {
    if (!connection || held) throw new Error("no consent to measure");
    return connection;
  };

  const flush = async () => {
    tell("report", "flush");
    return consented()[6]();
  };

  return {
    get sessionId() {
      return visitor?.session_id ?? "";
    },
    track: guard((name: string, properties?: unknown) =>
      emit("custom", { name: `${name}` }, copy("properties", properties)),
    ),
    identify: guard((userId: string, traits?: unknown) => {
      user = [{ user_id: `${userId}`.slice(0, 200) }, copy("traits", traits)];
      introduce();
    }),
    reset: guard(() => {
      user = visitor = undefined;
      connection?.[2]();
      forgetCookie();
    }),
    consent: agree,
    page: guard((properties) => beginView("manual", undefined, properties)),
    flush,
    async features(asStored) {
      if (asStored) consented();
      else await flush();
      const response = await fetch(`${origin}/v1/features/session/${visitor?.session_id}?key=${key}`);
      const { error, features } = await response.json();
      if (error) throw new Error(error.message);
      return features;
    },
    on,
    stop: guard(() => {
      tell("report", "view_end");
      for (const each of stops) each();
      disconnect(false);
      stopped = true;
    }),
  };
};
