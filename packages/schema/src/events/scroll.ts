import { z } from "zod";
import { count, duration, percentage, pixels } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** How far a page view has been scrolled. Cumulative: each one states the view's totals so far and repairs a lost one. */
export const scroll = viewEvent("scroll", {
  scroll_depth_percentage: percentage(
    "Deepest content edge seen in this view so far, as a share of the content's height; 100 on content that fits.",
  ),
  scroll_depth_px: pixels("Deepest content edge seen in this view so far: offset plus viewport height."),
  scroll_depth_delta_px: pixels("How much deeper than in this view's previous scroll event."),
  scroll_percentage: percentage("Where the bottom edge of the viewport was now, as a share of the content's height."),
  reversals: count("Changes of scroll direction in this view so far."),
  depth_reached_ms: duration("Time from the view's start until the deepest edge was reached."),
  viewport_height: pixels("Height of the scroller's visible part."),
  content_height: pixels("Height of the scroller's whole content, now."),
  milestone: percentage(
    "The largest milestone that the depth has passed. Only when the site asked for milestones.",
  ).optional(),
  velocity_max: pixels("Fastest scrolling in this view so far, in either direction, per second.").optional(),
  tenths_ms: z
    .array(duration("Time that the middle of the viewport stood in this tenth of the content."))
    .length(10)
    .describe(
      "Visible time in each tenth of the content in this view so far, by the middle of the viewport. Unit: milliseconds.",
    )
    .optional(),
}).describe("How far a page view has been scrolled, in total so far.");
