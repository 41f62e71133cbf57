import { whole } from "../measures/bounds.ts";
import { percentageOf } from "../measures/depth.ts";
import { Array, Math } from "../platform.ts";
import { isVisible } from "../sensors/page-state.ts";
import type { ScrollEnrichment } from "../signals/scroll-depth.ts";

/** Options of {@link readingDetails}. */
export interface ReadingDetailsOptions {
  /** Depths that are reported immediately when they are passed, in percent. Default: 25, 50, 75, 90. */
  milestones?: number[];
}

/** Two positions further apart in time than this do not count as one movement, in milliseconds. */
const MAX_MOVE_MS = 200;

/**
 * Adds three measurements to {@link scrollDepth}: the milestones passed, the fastest scrolling, and the visible time in each tenth of
 * the content. The middle of the viewport and the current height of the content determine the tenth.
 */
export const readingDetails =
  ({ milestones = [25, 50, 75, 90] }: ReadingDetailsOptions = {}): ScrollEnrichment =>
  (context) => {
    context.runs("readingDetails");
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
          fastest = Math.max(fastest, whole((Math.abs(offset - lastOffset) / span) * 1000));
        wasVisible = isVisible();
        tenth = Math.max(0, Math.min(9, Math.floor(((offset + viewport_height / 2) / content_height) * 10)));
        lastOffset = offset;
        lastTime = viewTime;

        const percentage = percentageOf(depth, geometry);
        const passed = Math.max(0, ...milestones.filter((each) => each <= percentage));
        const isNew = passed > milestone;
        milestone = Math.max(milestone, passed);
        return isNew;
      },
      fields: () => ({ velocity_max: fastest, tenths_ms: tenths, ...(milestone && { milestone }) }),
    };
  };
