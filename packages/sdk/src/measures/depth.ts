import { Math } from "../platform.ts";
import { bounded } from "./bounds.ts";

/** The position and size of a scroller, in CSS pixels. */
export interface ScrollGeometry {
  /** Distance from the content's top edge to the viewport's. */
  offset: number;
  viewport_height: number;
  content_height: number;
}

/** The scroll depth of a page view. */
export interface Depth {
  /** Deepest edge of the content shown so far, in pixels. */
  scroll_depth_px: number;
  /** View time at which it was reached, in milliseconds. */
  depth_reached_ms: number;
  /** Number of changes of direction so far. */
  reversals: number;
}

/**
 * Measures the depth of one page view. Each call adds the scroller's geometry at a view time, in milliseconds, and
 * returns the depth so far. Overscroll beyond either end counts as the end. Pure: times and positions are arguments.
 */
export type DepthGauge = (geometry: ScrollGeometry, viewTime: number) => Depth;

/** Creates a gauge for a new page view. */
export const createDepthGauge = (): DepthGauge => {
  let scroll_depth_px = 0;
  let depth_reached_ms = 0;
  let reversals = 0;
  let last = 0;
  let direction = 0;

  return ({ offset, viewport_height, content_height }, viewTime) => {
    const at = Math.max(0, Math.min(offset, content_height - viewport_height));
    const edge = Math.min(content_height, at + viewport_height);
    if (edge > scroll_depth_px) {
      scroll_depth_px = edge;
      depth_reached_ms = viewTime;
    }
    const heading = Math.sign(at - last);
    if (heading * direction < 0) reversals += 1;
    direction = heading || direction;
    last = at;
    return { scroll_depth_px, depth_reached_ms, reversals };
  };
};

/** An edge as a percentage of the content's height, with two decimals: 100 when the content fits the viewport. */
export const percentageOf = (edge: number, { viewport_height, content_height }: ScrollGeometry): number =>
  content_height <= viewport_height + 1 ? 100 : bounded(Math.round((edge / content_height) * 10_000) / 100, 0, 100);
