import { z } from "zod";
import { count, duration, percentage, pixels, setBy } from "../fields.ts";
import { viewEvent } from "./event.ts";

/**
 * Scroll depth of a page view. Cumulative: each event has the page view's totals so far, so the next one replaces a
 * lost one.
 */
export const scroll = viewEvent("scroll", {
  scroll_depth_percentage: percentage(
    "Deepest content edge shown in this page view so far, as a share of the content's height. 100 for content that fits the viewport.",
  ),
  scroll_depth_px: pixels("Deepest content edge shown in this view so far: scroll offset plus viewport height."),
  scroll_depth_delta_px: pixels("Increase of the depth since this view's previous scroll event."),
  scroll_percentage: percentage("Current bottom edge of the viewport, as a share of the content's height."),
  reversals: count("Changes of scroll direction in this view so far."),
  depth_reached_ms: duration("Time from the view's start to the moment when the deepest edge was reached."),
  viewport_height: pixels("Height of the scroller's visible part."),
  content_height: pixels("Current height of the scroller's whole content."),
  milestone: setBy(
    "readingDetails",
    percentage("Largest milestone that the depth has passed. Present when the site asks for milestones."),
  ),
  velocity_max: setBy(
    "readingDetails",
    z
      .int()
      .min(0)
      .max(1e9)
      .describe("Highest scroll speed in this page view so far, in either direction. Unit: CSS pixels per second."),
  ),
  tenths_ms: setBy(
    "readingDetails",
    z
      .array(duration("Time that the middle of the viewport was in this tenth of the content."))
      .length(10)
      .describe(
        "Visible time in each tenth of the content in this page view so far, by the middle of the viewport. Unit: milliseconds.",
      ),
  ),
}).meta({ description: "Totals of the scroll depth of a page view so far.", capturedBy: ["scrollDepth()"] });
