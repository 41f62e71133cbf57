import { count, duration, percentage, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** How long an element marked with `data-tm-dwell` was in sight. Cumulative for the page view. */
export const elementDwell = viewEvent("element_dwell", {
  target,
  visible_ms: duration(
    "Time in sight in this view so far: half of the element visible, or half of the viewport filled by it.",
  ),
  longest_ms: duration("Longest such stretch in this view so far."),
  stays: count("Such stretches in this view so far."),
  share_max: percentage("Largest share of the element that was in sight at once, in this view so far."),
}).describe("How long a marked element was in sight, in total so far.");
