import type { FieldsOf, View } from "@tidemark/schema";
import type { ViewCause, ViewFields } from "../events/signal.ts";
import type { Emit } from "../events/tracker-events.ts";
import { fitViewFields } from "../events/view-fields.ts";
import { createId } from "../identity/create-id.ts";
import { now } from "../sensors/clock.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import type { Capture } from "./capture.ts";
import type { Properties } from "./typed-events.ts";

/** The page views of a tracker, one at a time. */
export interface Views {
  current: View;
  /** Ends the current page view, begins another, and captures its `page_view` event. */
  begin(cause: ViewCause, fields?: ViewFields, properties?: Properties): View;
  /**
   * Begins another page view because the session has changed. Captures a `page_view` event if the previous page view
   * had one.
   */
  renew(): void;
}

/** Begins the first page view, which has no `page_view` event yet. `queryParameters`: those that URLs keep. */
export const createViews = (emit: Emit, capture: Capture, queryParameters: readonly string[] | undefined): Views => {
  /** Whether a `page_view` event has been captured. Events before the first belong to the first page view. */
  let isAnnounced = false;

  const start = (fields?: ViewFields) => {
    views.current = {
      view_id: createId(),
      started_at: now(),
      url: cleanUrl(location.href, queryParameters),
      ...fitViewFields(fields),
    };
    emit("view", views.current);
  };

  const views = {
    begin(cause, fields, properties) {
      if (isAnnounced) emit("report", "view_end");
      start(fields);
      isAnnounced = true;
      capture("page_view", { cause, properties } as FieldsOf<"page_view">);
      return views.current;
    },
    renew() {
      start();
      if (isAnnounced) capture("page_view", { cause: "session" });
    },
  } as Views;
  start();
  return views;
};
