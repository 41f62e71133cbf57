import type { FieldsOf } from "@tidemark/schema";
import { createCollector } from "../delivery/collector.ts";
import { createDelivery } from "../delivery/delivery.ts";
import { createEmitter } from "../events/emitter.ts";
import type { TrackerEventMap } from "../events/tracker-events.ts";
import { guard, runEach } from "../guard.ts";
import { createTabNumbers } from "../identity/tab.ts";
import { createIdentity } from "../identity/visitor.ts";
import { browserDenial, type ConsentAnswer, deniedBy } from "../options/consent.ts";
import { collectorUrl } from "../options/site.ts";
import type { TrackerOptions } from "../options/tracker-options.ts";
import { outsideZone } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { announceRefusal, erase } from "../storage/site-storage.ts";
import { warnOnce } from "../warn-once.ts";
import { type Capture, createCapture } from "./capture.ts";
import { createConsent } from "./consent.ts";
import { sendIdentify, userIdOf, userTokenOf } from "./identify.ts";
import { copyJson } from "./json-copy.ts";
import { followOtherPages } from "./other-pages.ts";
import { pageTrackers } from "./page-trackers.ts";
import { disconnect, requireConnection, type TrackerState } from "./state.ts";
import type { CreateTracker, Tracker } from "./tracker.ts";
import { createViews } from "./views.ts";

/**
 * Starts measuring the current page. The tracker never throws into the page. It runs outside of Angular's zone, and so
 * do the functions of the page that it calls.
 *
 * A page has one tracker for each public key. A further call with the same key warns, and returns the first tracker,
 * which keeps its options. It stops when it has been stopped once for each call.
 */
export const createTracker: CreateTracker = (options = {} as TrackerOptions) => {
  const { key, endpoint, signals = [], identityStore, traffic, follow } = options;
  const name = `tidemark.${key}`;
  const storageName = !options.cookieless && name;
  const url = collectorUrl(key, endpoint);
  const trackers = pageTrackers();
  const existing = url && trackers[key];
  if (existing) {
    warnOnce("createTracker: returned the first tracker of the page with the key", key);
    existing.callers += 1;
    return existing.tracker as Tracker<never, never, never>;
  }
  const state: TrackerState = {
    isStopped: !url,
    traffic,
    purposes: { measurement: "granted", personalisation: "granted" },
  };
  const { on, emit } = createEmitter<TrackerEventMap>();
  const collector = createCollector(key, url, !!url && options.cookie, options.compress, (sessionId) =>
    state.connection?.secretOf(sessionId),
  );

  const views = createViews(state, emit, (...event) => capture(...event), options.queryParameters);
  const capture: Capture = createCapture(state, views, emit, options.beforeSend);
  const connect = () => {
    const numbers = createTabNumbers(storageName);
    const identity = createIdentity(key, storageName, options.sessionId, identityStore);
    const { takeBegun } = identity;
    return {
      ...identity,
      ...numbers,
      ...createDelivery(collector, storageName, numbers.tabId, emit, takeBegun, options.sendWithin),
    };
  };
  const forget = () =>
    runEach(
      () => erase(name),
      () => identityStore?.(name).write(undefined),
      collector.forgetCookie,
    );
  const applyConsent = createConsent(state, connect, forget, capture, emit);
  /** Applies an answer of this page. The other pages receive a refusal before the data are deleted. */
  const consent = (answer?: ConsentAnswer) =>
    runEach(
      () => announceRefusal(name, deniedBy(answer)),
      () => applyConsent(answer),
    );
  const leaveVisitor = () => {
    state.user = state.visitor = undefined;
    collector.omitCookie();
  };
  // Before the signals, so that they capture nothing for a visitor who has left.
  const stops: Stop[] = [followOtherPages(state, name, !!identityStore, leaveVisitor, applyConsent)];
  const denial = browserDenial(options.doNotTrack);
  if (denial) applyConsent("denied");
  else consent(options.consent);
  if (denial && !state.isStopped)
    warnOnce('nothing is measured until tracker.consent("granted"):', `the browser has ${denial} on`);

  const newSession = () => {
    state.connection?.forget(true);
    views.continueSession();
  };
  stops.unshift(onPageChange((change) => change === "hidden" && views.report(change)));
  const { begin, runs, continueSession } = views;
  const context = { on, capture, beginView: begin, runs, continueSession, newSession };
  // A value that is not an array counts as one signal, because the tracker must not throw into the page.
  for (const signal of [signals].flat()) guard(() => stops.unshift(signal(context)))();

  /** Captures the totals so far. @throws Error while measurement is not granted. */
  const report = () => {
    views.report("flush");
    return requireConnection(state);
  };
  const tracker: Tracker = {
    get sessionId() {
      return (state.connection && state.visitor?.session_id) ?? "";
    },
    track: guard((name: string, properties?: unknown) => capture("custom", { name, properties } as FieldsOf<"custom">)),
    identify: guard((userId: unknown, traits?: unknown, token?: unknown) => {
      const user_id = userIdOf(userId);
      if (!user_id) return;
      // The user belongs to the session of now, which may be another one than that of the latest event.
      views.continueSession();
      state.user = {
        user_id,
        user_token: userTokenOf(token),
        traits: copyJson("traits", traits),
      };
      sendIdentify(state, capture);
    }),
    reset: () => runEach(() => state.connection?.forget(), leaveVisitor, collector.forgetCookie),
    consent,
    page: guard((properties) => views.begin("manual", undefined, properties)),
    flush: () => outsideZone(async () => report().flush()),
    features: (storedOnly) =>
      outsideZone(async () => {
        const connection = storedOnly ? requireConnection(state) : report();
        connection.expectReads();
        if (!storedOnly) await connection.sendAll();
        return collector.readFeatures(state.visitor?.session_id);
      }),
    // Only a function has `call`.
    follow: (...given) => follow?.call?.(null, state, key, url, on, stops, ...given) ?? (() => {}),
    on,
    stop() {
      const own = trackers[key];
      if (own?.tracker === tracker) {
        own.callers -= 1;
        if (own.callers) return;
        delete trackers[key];
      }
      runEach(
        () => views.report("view_end"),
        ...stops,
        () => {
          state.isStopped = true;
        },
        () => disconnect(state, false),
      );
    },
  };
  options.reactions?.call?.(null, state, key, url, on, stops, options, collector, tracker, emit, capture);
  if (url) trackers[key] = { tracker, callers: 1 };
  return tracker as Tracker<never, never, never>;
};
