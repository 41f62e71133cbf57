import type { View } from "@tidemark/schema";
import type { Signal, ViewCause, ViewFields } from "../events/signal.ts";
import { fitViewFields } from "../events/view-fields.ts";
import { guard } from "../guard.ts";
import { oneOf } from "../measures/bounds.ts";
import { Object, performance } from "../platform.ts";
import { combineStops } from "../sensors/listen.ts";
import { call, read } from "../sensors/members.ts";
import { onNavigation } from "../sensors/navigation.ts";
import { onPageChange, whenVisible } from "../sensors/page-state.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import { createTimer } from "../sensors/timer.ts";

/** Adds fields to a page view: {@link deviceDetails}. */
export type ViewEnrichment = () => Partial<ViewFields>;

/** Options of {@link pageViews}. */
export interface PageViewOptions {
  /** Enrichments that add fields to each page view, next to URL, referrer, title and canonical URL. Default: none. */
  enrichments?: ViewEnrichment[];
  /** Whether a change of the fragment (`#…`) is a change of route. Default false. */
  hash?: boolean;
}

/** Time that a router has to update title and canonical URL, in milliseconds. */
const READ_AGAIN_AFTER_MS = 500;

/**
 * Reads the cause of a load from Navigation Timing, which calls a load by link or address "navigate". Chromium shows a
 * prerendered page before it sets `activationStart`.
 */
const loadCause = (): ViewCause => {
  const [load] = (performance?.getEntriesByType("navigation") ?? []) as (PerformanceNavigationTiming & {
    activationStart?: number;
  })[];
  const prerendering = read(document as { prerendering?: boolean }, "prerendering");
  return prerendering || load?.activationStart
    ? "prerender"
    : oneOf(["load", "reload", "back_forward", "prerender"], load?.type);
};

/** Reads title and canonical URL, which a router may update late. */
const readDocument = () => {
  const canonical = call(document, "querySelector", "link[rel=canonical]") as HTMLLinkElement | null;
  return { title: read(document, "title"), canonical_url: canonical ? cleanUrl(canonical.href) : undefined };
};

/**
 * Captures page views:
 *
 * - one for a load, once the page is visible; a prerendered or background page counts when it is first shown;
 * - one for a change of route in a single-page app; a replace and a push in the same task are one change;
 * - one for a restore from the back-forward cache.
 *
 * The referrer of a route is the previous route. Title and canonical URL are read at once, and again 500 ms later.
 * Enrichments run only then, so that they delay no load.
 */
export const pageViews =
  ({ hash = false, enrichments = [] }: PageViewOptions = {}): Signal =>
  (context) => {
    const routeOf = () => (hash ? location.href : location.href.split("#")[0]);
    let view: View | undefined;
    let route = routeOf();
    const readAgainTimer = createTimer(() => {
      const fields: ViewFields = {};
      for (const each of [readDocument, ...enrichments]) guard(() => Object.assign(fields, each()))();
      Object.assign(view as View, fitViewFields(fields));
    });

    const startView = (cause: ViewCause, referrer = cleanUrl(read(document, "referrer"))) => {
      context.beginView(cause, { ...readDocument(), referrer: referrer || undefined });
      readAgainTimer.stop();
      readAgainTimer.start(READ_AGAIN_AFTER_MS);
    };
    return combineStops(
      // Another page view of the same page may follow, in another session.
      context.on("view", (next) => {
        view = next;
      }),
      whenVisible(() => startView(loadCause())),
      onNavigation(() => {
        const next = routeOf();
        if (next === route) return;
        route = next;
        startView("route", view?.url);
      }),
      onPageChange((change) => change === "restore" && startView("bfcache")),
      readAgainTimer.stop,
    );
  };
