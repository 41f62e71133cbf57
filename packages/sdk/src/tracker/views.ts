import type { FieldsOf, SignalName, View } from "@tidemark/schema";
import type { ViewCause, ViewFields } from "../events/signal.ts";
import type { Emit, ReportReason } from "../events/tracker-events.ts";
import { fitViewFields } from "../events/view-fields.ts";
import { createId } from "../identity/create-id.ts";
import { cut } from "../measures/bounds.ts";
import { Set } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import type { Capture } from "./capture.ts";
import type { TrackerState } from "./state.ts";
import type { Properties } from "./typed-events.ts";

/** Longest list of signals in a page view, in UTF-16 code units. */
const MAX_SIGNALS = 1_000;

/** The page views of a tracker, one at a time. Each belongs to one session. */
export interface Views {
  current: View;
  /** Ends the current page view, begins another, and captures its `page_view` event. */
  begin(cause: ViewCause, fields?: ViewFields, properties?: Properties): View;
  /** Adds names to the signals of this page view and of later ones. */
  runs(...names: (SignalName | undefined)[]): void;
  /**
   * Continues the session now. If it has ended, it begins another session and, in it, another view of the same page. It
   * captures a `page_view` event if the previous page view had one.
   */
  continueSession(): void;
  /** Lets the signals report their totals, unless the session has ended: they do not count in the next one. */
  report(reason: ReportReason): void;
}

/** Begins the first page view, which has no `page_view` event yet. `queryParameters`: those that URLs keep. */
export const createViews = (
  state: TrackerState,
  emit: Emit,
  capture: Capture,
  queryParameters: readonly string[] | undefined,
): Views => {
  /** Whether a `page_view` event has been captured. Events before the first belong to the first page view. */
  let isAnnounced = false;
  const signals = new Set<string>();
  const listSignals = () => cut([...signals].join(" "), MAX_SIGNALS);

  const start = (fields?: ViewFields) => {
    views.current = {
      view_id: createId(),
      started_at: now(),
      url: cleanUrl(location.href, queryParameters),
      signals: listSignals(),
      ...fitViewFields(fields),
    };
    emit("view", views.current);
  };

  /** Continues the session or begins another. Returns whether it is another one than before. */
  const updateVisitor = () => {
    const { isStopped, connection, held, visitor } = state;
    if (isStopped || !connection || held) return false;
    state.visitor = connection.visitorAt(now());
    return visitor?.session_id !== state.visitor.session_id;
  };

  const views = {
    begin(cause, fields, properties) {
      if (isAnnounced) views.report("view_end");
      // Before the page view starts: it is the first one of a new session.
      updateVisitor();
      start(fields);
      isAnnounced = true;
      capture("page_view", { cause, properties } as FieldsOf<"page_view">);
      return views.current;
    },
    runs(...names) {
      for (const name of names) if (name) signals.add(name);
      views.current.signals = listSignals();
    },
    continueSession() {
      if (!updateVisitor()) return;
      start({ ...views.current, referrer: undefined });
      if (isAnnounced) capture("page_view", { cause: "session" });
    },
    report(reason) {
      const { connection, held, visitor } = state;
      if (!connection || held || (visitor && connection.sessionAt(now()) === visitor.session_id))
        emit("report", reason);
    },
  } as Views;
  start();
  return views;
};
