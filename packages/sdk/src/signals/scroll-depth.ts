import type { FieldsOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { createDepthGauge, type Depth, type DepthGauge, percentageOf, type ScrollGeometry } from "../measures/depth.ts";
import { now } from "../sensors/clock.ts";
import { onInput } from "../sensors/input.ts";
import { combineStops } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";

/** Options of {@link scrollDepth}. */
export interface ScrollDepthOptions {
  /** How often depth is reported while it changes, in milliseconds. Default 1000. */
  reportEvery?: number;
  /** Measures more about the reading than its depth; see {@link readingDetails}. Default: nothing. */
  enrichment?: ScrollEnrichment;
}

/** Measures more of a view, from each sight of its scroller. */
export type ScrollEnrichment = () => {
  /** Hears where the viewport is and how deep it has been, at a moment of the view. Returns true to have it reported at once. */
  update(geometry: ScrollGeometry, depth: number, viewTime: number): boolean;
  /** What to add to a report. */
  fields(): Partial<FieldsOf<"scroll">>;
};

/** How long a view has to lay itself out before its geometry is read first, in milliseconds. */
const BEGIN_MS = 100;

const scrolls = (element: Element): boolean => element.scrollHeight > element.clientHeight + 1;

/** Whether an inner scroller is what the visitor reads: it fills at least half of the viewport. */
const dominates = (element: Element, page: Element): boolean =>
  scrolls(element) && element.clientWidth * element.clientHeight * 2 >= page.clientWidth * page.clientHeight;

/** The scroller in the middle of the viewport that the visitor could scroll, though nobody has yet. */
const findScroller = (page: Element): Element | undefined =>
  document
    .elementsFromPoint(innerWidth / 2, innerHeight / 2)
    .find((element) => dominates(element, page) && /auto|scroll/.test(getComputedStyle(element).overflowY));

/**
 * Scroll depth: the deepest edge of the content that each page view has shown, in pixels and as a share of the content's
 * height as it is now, with the changes of direction, in total so far. The content is the document's, or, where the
 * document does not scroll, that of the inner scroller that fills most of it. Reported at most every `reportEvery` while
 * it changes, and when the page is hidden or the view ends. Geometry is read after a frame, not in the scroll handler.
 */
export const scrollDepth =
  ({ reportEvery = 1000, enrichment }: ScrollDepthOptions = {}): Signal =>
  (context) => {
    let scroller: Element | undefined;
    let scrolled: Element | undefined;
    let geometry: ScrollGeometry | undefined;
    let gauge: DepthGauge;
    let depth: Depth;
    let more: ReturnType<ScrollEnrichment> | undefined;
    let startedAt = 0;
    let reported = "";
    let reportedDepth = 0;
    /** Whether a scroll was heard in this pulse: more may have gone unheard since it was reported. */
    let moves = false;

    const read = () => {
      const page = document.scrollingElement ?? document.documentElement;
      if (scrolled && dominates(scrolled, page)) scroller = scrolled;
      if (scrolls(page)) scroller = undefined;
      else if (!scroller?.isConnected) scroller = findScroller(page);
      const { scrollTop, clientHeight, scrollHeight } = scroller ?? page;
      geometry = { offset: Math.round(scrollTop), viewport_height: clientHeight, content_height: scrollHeight };
      const viewTime = now() - startedAt;
      depth = gauge(geometry, viewTime);
      return more?.update(geometry, depth.scroll_depth_px, viewTime);
    };

    const report = (reason?: string) => {
      reportTimer.stop();
      if (reason && reason !== "view_end" && (geometry || isVisible())) read();
      if (!geometry) return;
      const { offset, ...heights } = geometry;
      const totals = {
        scroll_depth_percentage: percentageOf(depth.scroll_depth_px, geometry),
        ...depth,
        scroll_percentage: percentageOf(offset + geometry.viewport_height, geometry),
        ...heights,
        ...more?.fields(),
      };
      const news = `${Object.values(totals)}`;
      if (news === reported) return;
      reported = news;
      context.capture("scroll", { ...totals, scroll_depth_delta_px: depth.scroll_depth_px - reportedDepth });
      reportedDepth = depth.scroll_depth_px;
    };

    const measure = () => {
      if (read()) report();
      // The last movement may have been read after the report that it asked for.
      else if (reported) reportTimer.start(reportEvery);
    };
    // It hears of the page first once a frame has been laid out, when reading forces no layout.
    const frame = new ResizeObserver(() => {
      frame.disconnect();
      measure();
    });
    const look = () => frame.observe(document.documentElement);
    const layoutTimer = createTimer(look);
    const reportTimer = createTimer(report);

    const begin = () => {
      scroller = scrolled = geometry = undefined;
      gauge = createDepthGauge();
      more = enrichment?.();
      startedAt = now();
      reported = "";
      reportedDepth = 0;
      layoutTimer.start(BEGIN_MS);
    };

    begin();
    return combineStops(
      context.on("view", begin),
      context.on("report", report),
      onPageChange((change) => change === "visible" && layoutTimer.start(BEGIN_MS)),
      onInput((event) => {
        if (event?.type === "scroll") {
          if (event.target instanceof Element) scrolled = event.target;
          reportTimer.start(reportEvery);
          moves = true;
        }
        if (moves || reportTimer.isRunning()) look();
        if (!event) moves = false;
      }),
      layoutTimer.stop,
      () => frame.disconnect(),
      reportTimer.stop,
    );
  };
