import type { SignalName, View } from "@tidemark/schema";
import type { Signal, ViewCause, ViewFields } from "../events/signal.ts";
import { fitViewFields } from "../events/view-fields.ts";
import { runEach } from "../guard.ts";
import { oneOf } from "../measures/bounds.ts";
import { Object, performance } from "../platform.ts";
import { combineStops } from "../sensors/listen.ts";
import { call, read } from "../sensors/members.ts";
import { onHistoryChange, onNavigation } from "../sensors/navigation.ts";
import { currentPage, type PageUrl } from "../sensors/page-definition.ts";
import { onPageChange, whenVisible } from "../sensors/page-state.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import { createSettling } from "../sensors/settling.ts";
import { createTimer } from "../sensors/timer.ts";

/** Adds fields to a page view: {@link deviceDetails}. */
export interface ViewEnrichment {
  (): Partial<ViewFields>;
  /** Its name in the list of a page view's signals. Absent for a function of the site. */
  readonly signal?: SignalName;
}

/** Options of {@link pageViews}. */
export interface PageViewOptions {
  /** Enrichments that add fields to each page view, next to URL, referrer, title and canonical URL. Default: none. */
  enrichments?: ViewEnrichment[];
  /**
   * Defines pages by their URLs: {@link pathOnly}, {@link keepParameters}, {@link hashRoutes}, or a function of the site.
   * Another result is another page. Default: each URL is a page, whatever its fragment.
   */
  url?: PageUrl;
}

/** Time after which enrichments run, in milliseconds. */
const ENRICH_AFTER_MS = 500;

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

/** Reads title and canonical URL, which a router may update later than the URL. */
const readDocument = (): ViewFields => {
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
 * The referrer of a route is the previous route. Title and canonical URL are read at once, and again when the content is
 * settled. Until then a route has only those that differ from the previous route's. Enrichments run 500 ms after the start
 * of a page view, so that they delay no load.
 */
export const pageViews =
  ({ url, enrichments = [] }: PageViewOptions = {}): Signal =>
  (context) => {
    context.runs("pageViews", ...enrichments.map(({ signal }) => signal));
    let view: View | undefined;
    let page = currentPage(url);
    /** The document's fields at the latest change of the URL: those of the previous route. */
    let previous: ViewFields = {};
    const add = (fields: ViewFields) => Object.assign(view as View, fitViewFields(fields));
    const settling = createSettling(() => add(readDocument()));
    const enrichTimer = createTimer(() => runEach(...enrichments.map((enrich) => () => add(enrich()))));

    const startView = (cause: ViewCause, referrer = cleanUrl(read(document, "referrer"))) => {
      const fields = readDocument();
      if (cause === "route")
        for (const name of ["title", "canonical_url"] as const)
          if (fields[name] === previous[name]) fields[name] = undefined;
      context.beginView(cause, { ...fields, referrer: referrer || undefined });
    };
    return combineStops(
      // Also those of `page()` and of another session.
      context.on("view", (next) => {
        view = Object.assign(next, currentPage(url).fields);
        settling.start();
        enrichTimer.stop();
        enrichTimer.start(ENRICH_AFTER_MS);
      }),
      whenVisible(() => startView(loadCause())),
      onHistoryChange(() => {
        previous = readDocument();
      }),
      onNavigation(() => {
        const next = currentPage(url);
        if (next.id === page.id) return;
        page = next;
        startView("route", view?.url);
      }),
      onPageChange((change) => change === "restore" && startView("bfcache")),
      settling.stop,
      enrichTimer.stop,
    );
  };
