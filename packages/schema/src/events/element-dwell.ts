import { count, duration, percentage, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Time that an element marked with `data-tm-dwell` was in view. Cumulative for the page view. */
export const elementDwell = viewEvent("element_dwell", {
  target,
  visible_ms: duration(
    "Time in this page view so far that the element was in view: half of it was visible, or it filled half of the viewport.",
  ),
  longest_ms: duration("Longest uninterrupted time in this page view so far that the element was in view."),
  stays: count("Times in this page view so far that the element came into view."),
  share_max: percentage("Largest share of the element that was visible at once, in this page view so far."),
}).meta({
  description: "Totals of the time that an element marked with data-tm-dwell has been in view so far.",
  capturedBy: ["elementDwell()"],
});
