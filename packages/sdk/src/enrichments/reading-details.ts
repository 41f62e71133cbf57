import { percentageOf } from "../measures/depth.ts";
import { isVisible } from "../sensors/page-state.ts";
import type { ScrollEnrichment } from "../signals/scroll-depth.ts";

/** Options of {@link readingDetails}. */
export interface ReadingDetailsOptions {
  /** Depths to report at the moment they are passed, in percent. Default 25, 50, 75, 90. */
  milestones?: number[];
}

/** Two sights further apart than this are no movement, but a jump and a rest, in milliseconds. */
const MAX_MOVE_MS = 200;

/**
 * More of the reading than its depth, for {@link scrollDepth}: the milestones passed, the fastest scrolling, and the visible
 * time spent in each tenth of the content, by the middle of the viewport and the content's height at that time.
 */
export const readingDetails =
  ({ milestones = [25, 50, 75, 90] }: ReadingDetailsOptions = {}): ScrollEnrichment =>
  () => {
    const tenths = Array<number>(10).fill(0);
    let milestone = 0;
    let fastest = 0;
    let tenth = 0;
    let lastOffset = 0;
    let lastTime = 0;
    let wasVisible = isVisible();

    return {
      update(geometry, depth, viewTime) {
        const { offset, viewport_height, content_height } = geometry;
        const span = viewTime - lastTime;
        if (wasVisible) tenths[tenth] = (tenths[tenth] ?? 0) + span;
        if (span > 0 && span <= MAX_MOVE_MS)
          fastest = Math.max(fastest, Math.round((Math.abs(offset - lastOffset) / span) * 1000));
        wasVisible = isVisible();
        tenth = Math.max(0, Math.min(9, Math.floor(((offset + viewport_height / 2) / content_height) * 10)));
        lastOffset = offset;
        lastTime = viewTime;

        const percentage = percentageOf(depth, geometry);
        const passed = Math.max(0, ...milestones.filter((each) => each <= percentage));
        const isNews = passed > milestone;
        milestone = Math.max(milestone, passed);
        return isNews;
      },
      fields: () => ({ velocity_max: fastest, tenths_ms: tenths, ...(milestone && { milestone }) }),
    };
  };
