import { z } from "zod";
import { id } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** A Core Web Vital of the page, as the web-vitals library defines it. Repeated when the value changes; the latest counts. */
export const webVital = viewEvent("web_vital", {
  metric: z.enum(["LCP", "INP", "CLS", "FCP", "TTFB"]).describe("Which vital."),
  metric_id: id("This measurement: the same in all statements about it, so that the latest replaces the others."),
  value: z.number().min(0).max(1e9).describe("The value so far. Unit: milliseconds; for CLS a score without unit."),
  delta: z.number().min(0).max(1e9).describe("How much larger than in the statement before. Unit: as value."),
  rating: z.enum(["good", "needs-improvement", "poor"]).describe("web-vitals' rating of the value."),
  navigation_type: z
    .enum(["navigate", "reload", "back-forward", "back-forward-cache", "prerender", "restore", "soft-navigation"])
    .describe("How the page was come to, in web-vitals' words."),
}).describe("A Core Web Vital of the page.");
