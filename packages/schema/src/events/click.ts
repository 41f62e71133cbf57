import { z } from "zod";
import { coordinate, count, duration, pointerType, target, text } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** An element was activated by pointer, keyboard or assistive technology. */
export const click = viewEvent("click", {
  target,
  x: coordinate("Distance from the viewport's left edge."),
  y: coordinate("Distance from the viewport's top edge."),
  page_x: coordinate("Distance from the document's left edge."),
  page_y: coordinate("Distance from the document's top edge."),
  element_x: coordinate("Distance from the element's left edge. Absent when the page was left at once.").optional(),
  element_y: coordinate("Distance from the element's top edge. Absent when the page was left at once.").optional(),
  button: z.int().min(0).max(31).describe("UI Events' button: 0 primary, 1 middle, 2 secondary."),
  pointer_type: pointerType,
  link: z
    .enum(["internal", "outbound", "download", "mailto", "tel", "other"])
    .describe("Where the link leads that was clicked; absent when it was no link.")
    .optional(),
  link_url: text(2000, "Origin and path of an outbound or downloaded link.").optional(),
  label: text(100, "The element's accessible name. Only when the site asked for it.").optional(),
  text: text(100, "The element's text with digits and addresses masked. Only when the site asked for it.").optional(),
  burst: count(
    "Which click of a burst it was: each less than 30 px and 1000 ms from the one before; 3 and more are a rage click. Absent where such clicks are usual: steppers, fields, modifier keys.",
  ).optional(),
  response: z
    .enum(["mutation", "navigation", "scroll", "selection", "focus", "none"])
    .describe(
      "What the page first did after the click, within 2500 ms; `none` is a dead click. Absent where nothing is expected, or when the page was left before.",
    )
    .optional(),
  response_ms: duration("Time from the click to that response.").optional(),
}).describe("An element was activated.");
