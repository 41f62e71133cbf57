import type { View } from "@tidemark/schema";
import type { Signal, ViewCause, ViewFields } from "../events/signal.ts";
import { combineStops } from "../sensors/listen.ts";
import { onNavigation } from "../sensors/navigation.ts";
import { onPageChange, whenVisible } from "../sensors/page-state.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import { createTimer } from "../sensors/timer.ts";

/** Says more of a page view than {@link pageViews} does by itself: {@link deviceDetails}. */
export type ViewEnrichment = () => Partial<ViewFields>;

/** Options of {@link pageViews}. */
export interface PageViewOptions {
  /** What to say of each view beside URL, referrer, title and canonical URL. Default: nothing. */
  enrichments?: ViewEnrichment[];
  /** Whether another fragment (`#…`) is another route. Default false. */
  hash?: boolean;
}

/** How long a router may take to bring title and canonical URL up to date, in milliseconds. */
const SETTLE_MS = 500;

/**
 * The cause by the words of Navigation Timing, in which a load by link or address is a "navigate". A prerendered page is
 * shown before Chromium writes down its activation.
 */
const loadCause = (): ViewCause => {
  const [load] = performance.getEntriesByType("navigation") as (PerformanceNavigationTiming & {
    activationStart?: number;
  })[];
  const { prerendering } = document as { prerendering?: boolean };
  const cause = prerendering || load?.activationStart ? "prerender" : load?.type;
  return !cause || cause === "navigate" ? "load" : cause;
};

/** What the document says of itself, which a router may say late. */
const statements = () => {
  const canonical = document.querySelector<HTMLLinkElement>("link[rel=canonical]");
  return { title: document.title.slice(0, 300), canonical_url: canonical ? cleanUrl(canonical.href) : undefined };
};

/**
 * Page views: one for a load, once the page can be seen (a prerendered or background page not before it is shown); one for
 * a change of route in a single-page app (replace and push at once are one); one for a restore from the back-forward
 * cache. The referrer of a route is the route before it. Title and canonical URL are read at once and again when the route
 * has settled; enrichments only then, so that they delay no load.
 */
export const pageViews =
  ({ hash = false, enrichments = [] }: PageViewOptions = {}): Signal =>
  (context) => {
    const routeOf = () => (hash ? location.href : location.href.split("#")[0]);
    let view: View | undefined;
    let route = routeOf();
    const settleTimer = createTimer(
      () => view && Object.assign(view, statements(), ...enrichments.map((enrich) => enrich())),
    );

    const begin = (cause: ViewCause, referrer = cleanUrl(document.referrer)) => {
      view = context.beginView(cause, { ...statements(), referrer: referrer || undefined });
      settleTimer.stop();
      settleTimer.start(SETTLE_MS);
    };
    return combineStops(
      whenVisible(() => begin(loadCause())),
      onNavigation(() => {
        const next = routeOf();
        if (next === route) return;
        route = next;
        begin("route", view?.url);
      }),
      onPageChange((change) => change === "restore" && begin("bfcache")),
      settleTimer.stop,
    );
  };
