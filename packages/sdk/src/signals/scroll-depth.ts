import type { FieldsOf } from "@tidemark/schema";
import type { Signal, SignalContext } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { createDepthGauge, type Depth, type DepthGauge, percentageOf, type ScrollGeometry } from "../measures/depth.ts";
import { Object, ResizeObserver } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { createMainScroller, geometryOf, isLockedPage, type MainScroller } from "../sensors/main-scroller.ts";
import { isElement, read } from "../sensors/members.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { onScroll } from "../sensors/scrolling.ts";
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

/** Shortest time between two reads of the geometry while the page scrolls, in milliseconds. */
const MEASURE_EVERY_MS = 200;

const isScrollable = ({ content_height, viewport_height }: ScrollGeometry): boolean =>
  content_height > viewport_height + 1;

/**
 * Captures scroll depth: the deepest edge of the content that each page view has shown, and the number of changes of
 * direction so far. The depth is in pixels, and in percent of the content's current height. The content is the
 * document. Where the document scrolls by at most a quarter of the viewport, it is the inner scroller that fills at
 * least half of it, also in an open shadow root.
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
    let mainScroller: MainScroller;
    let scrolled: Element | undefined;
    let followed: Element | undefined;
    let unfollow: Stop | undefined;
    let geometry: ScrollGeometry | undefined;
    let gauge: DepthGauge;
    let depth: Depth;
    let reading: ReturnType<ScrollEnrichment> | undefined;
    let startedAt = 0;
    let isSettled = false;
    /** Whether something has scrolled, perhaps before the content was settled. */
    let hasScrolled = false;
    /** Time from which on the content fits the viewport; 0 while it does not. */
    let shortSince = 0;
    let reported = "";
    let reportedDepth = 0;

    const update = () => {
      const content = isSettled ? mainScroller(scrolled) : undefined;
      if (!content) return;
      follow(content);
      const next = geometryOf(content);
      if (isScrollable(next)) shortSince = 0;
      else {
        shortSince ||= geometry ? now() : startedAt;
        const waitMs = shortSince + SHORT_MS - now();
        if (waitMs > 0) shortTimer.start(waitMs);
        if (waitMs > 0 || isLockedPage(content)) return;
      }
      geometry = next;
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
      // A frame that is out of view may have a layout.
      if (!isVisible()) return;
      const before = `${Object.values(geometry ?? {})}`;
      if (update()) report();
      // The last scroll may have been read after the report that it scheduled.
      else if ((reported || hasScrolled) && `${Object.values(geometry ?? {})}` !== before)
        reportTimer.start(reportEvery);
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
    const measureTimer = createTimer(measureNextFrame);

    /** A scroll of another element, such as a ticker, is reported only if that element turns out to have the content. */
    const noteScroll = (scroller: Node) => {
      if (isElement(scroller)) scrolled = scroller;
      if (scroller === document || scroller === followed) reportTimer.start(reportEvery);
      hasScrolled = true;
      if (!measureTimer.isRunning()) measureNextFrame();
      measureTimer.start(MEASURE_EVERY_MS);
    };
    /** Listens to the scroller itself, because an open shadow root hides its scrolls from the document. */
    const follow = (content: Element) => {
      if (content === followed) return;
      followed = content;
      unfollow?.();
      unfollow = listen(content, "scroll", () => noteScroll(content));
    };

    const startView = () => {
      scrolled = geometry = undefined;
      mainScroller = createMainScroller();
      gauge = createDepthGauge();
      reading = enrichment?.(context);
      startedAt = now();
      reported = "";
      reportedDepth = 0;
      isSettled = hasScrolled = false;
      shortSince = 0;
      shortTimer.stop();
      settling.start();
    };

    startView();
    return combineStops(
      context.on("view", startView),
      context.on("report", report),
      onPageChange((change) => change === "visible" && measureNextFrame()),
      onScroll(({ scroller, isByVisitor }) => {
        if (isByVisitor) context.continueSession();
        noteScroll(scroller);
      }),
      settling.stop,
      shortTimer.stop,
      () => frame.disconnect(),
      reportTimer.stop,
      measureTimer.stop,
      () => unfollow?.(),
    );
  };
