import { z } from "zod";
import { duration } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** How long a page view has been with the visitor. Cumulative: each one states the view's totals so far. */
export const dwell = viewEvent("dwell", {
  visible_ms: duration("Time the page was visible in this view so far."),
  focused_ms: duration("Time the page was visible and had the focus in this view so far."),
  active_ms: duration("Time within idle_after_ms of an input in this view so far, while visible."),
  engaged_ms: duration("Time that was visible, focused and active at once in this view so far."),
  engaged_delta_ms: duration("Engaged time since this view's previous dwell event."),
  idle_after_ms: duration("The idle rule in force: an input counts as activity for this long."),
  rule_version: z.literal(1).describe("Version of the rule by which the four totals are kept."),
}).describe("How long a page view has been with the visitor, in total so far.");
