import { z } from "zod";
import { id } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** A Core Web Vital of the page, as web-vitals defines it. Captured again when the value changes; the latest counts. */
export const webVital = viewEvent("web_vital", {
  metric: z.enum(["LCP", "INP", "CLS", "FCP", "TTFB"]).describe("Name of the metric."),
  metric_id: id("Identifier of the measurement. All events about it have this id, and the latest replaces the others."),
  value: z
    .number()
    .min(0)
    .max(1e9)
    .describe("Value of the metric so far. Unit: milliseconds; CLS is a score without unit."),
  delta: z
    .number()
    .min(0)
    .max(1e9)
    .describe(
      "Increase of the value since the previous event of this measurement. Unit: milliseconds; CLS is a score without unit.",
    ),
  rating: z.enum(["good", "needs-improvement", "poor"]).describe("Rating of the value by web-vitals."),
  navigation_type: z
    .enum(["navigate", "reload", "back-forward", "back-forward-cache", "prerender", "restore", "soft-navigation"])
    .describe("Type of the navigation to the page, as web-vitals names it."),
}).meta({ description: "A Core Web Vital of the page gets a new value.", capturedBy: ["webVitals()"] });
