import { z } from "zod";
import { coordinate, count, duration, pointerType, target, text } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Activation of an element by pointer, keyboard or assistive technology. */
export const click = viewEvent("click", {
  target,
  x: coordinate("Distance of the click from the viewport's left edge."),
  y: coordinate("Distance of the click from the viewport's top edge."),
  page_x: coordinate("Distance of the click from the document's left edge."),
  page_y: coordinate("Distance of the click from the document's top edge."),
  element_x: coordinate(
    "Distance of the click from the element's left edge. Absent when the visitor left the page immediately.",
  ).optional(),
  element_y: coordinate(
    "Distance of the click from the element's top edge. Absent when the visitor left the page immediately.",
  ).optional(),
  button: z.int().min(0).max(31).describe("Mouse button, as in UI Events: 0 primary, 1 middle, 2 secondary."),
  pointer_type: pointerType,
  link: z
    .enum(["internal", "outbound", "download", "mailto", "tel", "other"])
    .describe("Kind of destination of the clicked link. Absent for an element outside of any link.")
    .optional(),
  link_url: text(2000, "Origin and path of the clicked link, for outbound links and downloads.").optional(),
  label: text(100, "The element's accessible name. Present when the site asks for it.").optional(),
  text: text(
    100,
    "The element's text with digits and mail addresses masked. Present when the site asks for it.",
  ).optional(),
  burst: count(
    "Position of the click in its burst, from 1. Each click of a burst is less than 30 px and 1000 ms from the previous one. A rage click has 3 or more. Absent where repeated clicks are normal: steppers, fields, modifier keys.",
  ).optional(),
  response: z
    .enum(["mutation", "navigation", "scroll", "selection", "focus", "none"])
    .describe(
      "First reaction of the page within 2500 ms of the click. `none` is a dead click. Absent where no reaction is expected, or when the visitor left the page before it.",
    )
    .optional(),
  response_ms: duration("Time from the click to the page's first reaction.").optional(),
}).meta({
  description: "The visitor activates an element by pointer, keyboard or assistive technology.",
  capturedBy: ["clicks()"],
});
