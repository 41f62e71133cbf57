import type { FieldsOf } from "@tidemark/schema";
import type { Signal, SignalContext } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { createDepthGauge, type Depth, type DepthGauge, percentageOf, type ScrollGeometry } from "../measures/depth.ts";
import { getComputedStyle, Math, Object, ResizeObserver } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { onInput } from "../sensors/input.ts";
import { combineStops } from "../sensors/listen.ts";
import { call, isElement, read } from "../sensors/members.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createSettling } from "../sensors/settling.ts";
import { createTimer } from "../sensors/timer.ts";

/** Options of {@link scrollDepth}. */
export interface ScrollDepthOptions {
  /** Shortest time between two reports while the depth changes, in milliseconds. Default 1000. */
  reportEvery?: number;
  /** Enrichment that measures the reading in addition to its depth: {@link readingDetails}. Default: none. */
  enrichment?: ScrollEnrichment;
}

/** Measures more of a page view. Called once for each page view. */
export type ScrollEnrichment = (context: SignalContext) => {
  /** Adds the geometry and the depth in pixels at a view time, in milliseconds. Returns whether to report at once. */
  update(geometry: ScrollGeometry, depth: number, viewTime: number): boolean;
  /** Returns the fields to add to a report. */
  fields(): Partial<FieldsOf<"scroll">>;
};

/**
 * Time for which content has to fit the viewport until that counts, in milliseconds. A spinner gives way to content by
 * then.
 */
const SHORT_MS = 2_000;

const isScrollable = (element: Element): boolean => read(element, "scrollHeight") > read(element, "clientHeight") + 1;

const areaOf = (element: Element): number => read(element, "clientWidth") * read(element, "clientHeight");

/** Whether the page's content is longer than the page, which a dialog may have locked. */
const isLocked = (page: Element): boolean =>
  (read(document, "body")?.scrollHeight ?? 0) > read(page, "clientHeight") * 1.1;

/** Whether an inner scroller has the main content: it fills at least half of the viewport. */
const dominates = (element: Element, page: Element): boolean =>
  isScrollable(element) && areaOf(element) * 2 >= areaOf(page);

/** Finds the scroller in the middle of the viewport, before the visitor has scrolled it. */
const findScroller = (page: Element): Element | undefined =>
  call(document, "elementsFromPoint", window.innerWidth / 2, window.innerHeight / 2).find(
    (element) => dominates(element, page) && /auto|scroll/.test(getComputedStyle(element).overflowY),
  );

/**
 * Captures scroll depth: the deepest edge of the content that each page view has shown, and the number of changes of
 * direction so far. The depth is in pixels, and in percent of the content's current height. The content is the
 * document. Where the document does not scroll, it is the inner scroller that fills at least half of the viewport.
 *
 * Nothing is measured until the content is settled. Content that fits the viewport counts as shown after 2 s, and not
 * while the page is locked.
 *
 * It reports at most every `reportEvery` while the depth changes, and when the page is hidden or the page view ends.
 * Geometry is read after a frame, not in the scroll handler.
 */
export const scrollDepth =
  ({ reportEvery = 1000, enrichment }: ScrollDepthOptions = {}): Signal =>
  (context) => {
    context.runs("scrollDepth");
    let scroller: Element | undefined;
    let scrolled: Element | undefined;
    let geometry: ScrollGeometry | undefined;
    let gauge: DepthGauge;
    let depth: Depth;
    let reading: ReturnType<ScrollEnrichment> | undefined;
    let startedAt = 0;
    let isSettled = false;
    /** Time from which on the content fits the viewport; 0 while it does not. */
    let shortSince = 0;
    let reported = "";
    let reportedDepth = 0;
    /** Whether a scroll was observed in this interval of input: later scrolls of the interval are not observed. */
    let hasScrolled = false;

    const update = () => {
      const page = read(document, "scrollingElement") ?? read(document, "documentElement");
      // After `document.open()` the document is empty until something is written.
      if (!page || !isSettled) return;
      if (scrolled && dominates(scrolled, page)) scroller = scrolled;
      if (isScrollable(page)) scroller = undefined;
      else if (!(scroller && read(scroller, "isConnected"))) scroller = findScroller(page);
      const content = scroller ?? page;
      if (isScrollable(content)) shortSince = 0;
      else {
        shortSince ||= geometry ? now() : startedAt;
        const waitMs = shortSince + SHORT_MS - now();
        if (waitMs > 0) shortTimer.start(waitMs);
        if (waitMs > 0 || (content === page && isLocked(page))) return;
      }
      geometry = {
        offset: Math.round(read(content, "scrollTop")),
        viewport_height: read(content, "clientHeight"),
        content_height: read(content, "scrollHeight"),
      };
      const viewTime = now() - startedAt;
      depth = gauge(geometry, viewTime);
      return reading?.update(geometry, depth.scroll_depth_px, viewTime);
    };

    const report = (reason?: string) => {
      reportTimer.stop();
      if (reason && reason !== "view_end" && (geometry || isVisible())) update();
      if (!geometry) return;
      const { offset, ...heights } = geometry;
      const totals = {
        scroll_depth_percentage: percentageOf(depth.scroll_depth_px, geometry),
        ...depth,
        scroll_percentage: percentageOf(offset + geometry.viewport_height, geometry),
        ...heights,
        ...reading?.fields(),
      };
      const content = `${Object.values(totals)}`;
      if (content === reported) return;
      reported = content;
      context.capture("scroll", { ...totals, scroll_depth_delta_px: depth.scroll_depth_px - reportedDepth });
      reportedDepth = depth.scroll_depth_px;
    };

    const measure = () => {
      if (update()) report();
      // The last scroll may have been read after the report that it scheduled.
      else if (reported) reportTimer.start(reportEvery);
    };
    // The observer's first call is after the layout of a frame, when a read forces no layout.
    const frame = new ResizeObserver(
      guard(() => {
        frame.disconnect();
        measure();
      }),
    );
    const measureNextFrame = () => {
      const page = read(document, "documentElement");
      if (page) frame.observe(page);
    };
    const settling = createSettling(() => {
      isSettled = true;
      measureNextFrame();
    });
    const shortTimer = createTimer(measureNextFrame);
    const reportTimer = createTimer(() => {
      context.continueSession();
      report();
    });

    const startView = () => {
      scroller = scrolled = geometry = undefined;
      gauge = createDepthGauge();
      reading = enrichment?.(context);
      startedAt = now();
      reported = "";
      reportedDepth = 0;
      isSettled = false;
      shortSince = 0;
      shortTimer.stop();
      settling.start();
    };

    startView();
    return combineStops(
      context.on("view", startView),
      context.on("report", report),
      onPageChange((change) => change === "visible" && measureNextFrame()),
      onInput((event) => {
        if (event?.type === "scroll") {
          context.continueSession();
          if (isElement(event.target as Node)) scrolled = event.target as Element;
          reportTimer.start(reportEvery);
          hasScrolled = true;
        }
        if (hasScrolled || reportTimer.isRunning()) measureNextFrame();
        if (!event) hasScrolled = false;
      }),
      settling.stop,
      shortTimer.stop,
      () => frame.disconnect(),
      reportTimer.stop,
    );
  };
