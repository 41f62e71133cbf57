import { z } from "zod";
import { duration } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Time that the visitor has spent on a page view. Cumulative: each event has the page view's totals so far. */
export const dwell = viewEvent("dwell", {
  visible_ms: duration("Time in this view so far that the page was visible."),
  focused_ms: duration("Time in this view so far that the page was visible and had the focus."),
  active_ms: duration("Time in this view so far that the page was visible, within idle_after_ms of an input."),
  engaged_ms: duration("Time in this view so far that the page was visible, focused and active at once."),
  engaged_delta_ms: duration("Engaged time since this view's previous dwell event."),
  idle_after_ms: duration("Time that an input counts as activity."),
  rule_version: z.literal(1).describe("Version of the rule that defines the four totals."),
}).meta({
  description: "Totals of the time that a page view has been visible, focused, active and engaged so far.",
  capturedBy: ["dwell()"],
});
