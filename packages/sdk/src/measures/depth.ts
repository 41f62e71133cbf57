/** A scroller as it is now, in CSS pixels. */
export interface ScrollGeometry {
  /** Distance from the content's top to the viewport's. */
  offset: number;
  viewport_height: number;
  content_height: number;
}

/** How far a view has been scrolled. */
export interface Depth {
  /** Deepest content edge seen so far, in pixels. */
  scroll_depth_px: number;
  /** When it was reached, in milliseconds of the view. */
  depth_reached_ms: number;
  /** Changes of direction so far. */
  reversals: number;
}

/**
 * Keeps the depth of one view: takes in where the viewport is at a moment of the view, and says how deep it has been.
 * Overscroll beyond either end counts as the end. Pure: every time and place is told, none is read.
 */
export type DepthGauge = (geometry: ScrollGeometry, viewTime: number) => Depth;

/** A gauge for a view in which nothing has been seen. */
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

/** An edge as a share of the content's height: 0 to 100, two decimals, 100 when the content fits the viewport. */
export const percentageOf = (edge: number, { viewport_height, content_height }: ScrollGeometry): number =>
  content_height <= viewport_height + 1 ? 100 : Math.min(100, Math.round((edge / content_height) * 10_000) / 100);
