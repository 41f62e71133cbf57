import { z } from "zod";
import { coordinate, count, duration, pointerType, setBy, target, text } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Activation of an element by pointer, keyboard or assistive technology. */
export const click = viewEvent("click", {
  target,
  x: coordinate("Distance of the click from the viewport's left edge."),
  y: coordinate("Distance of the click from the viewport's top edge."),
  page_x: coordinate("Distance of the click from the document's left edge."),
  page_y: coordinate("Distance of the click from the document's top edge."),
  element_x: setBy(
    "clickEvidence",
    coordinate(
      "Distance of the click from the element's left edge. Absent when the visitor left the page immediately.",
    ),
  ),
  element_y: setBy(
    "clickEvidence",
    coordinate("Distance of the click from the element's top edge. Absent when the visitor left the page immediately."),
  ),
  button: z.int().min(0).max(31).describe("Mouse button, as in UI Events: 0 primary, 1 middle, 2 secondary."),
  pointer_type: pointerType,
  link: setBy(
    "clickLinks",
    z
      .enum(["internal", "outbound", "download", "mailto", "tel", "other"])
      .describe("Kind of destination of the clicked link. Absent for an element outside of any link."),
  ),
  link_url: setBy(
    "clickLinks",
    text(2000, "Origin and path of the clicked link, for outbound links and downloads by HTTP."),
  ),
  label: setBy("clickNames", text(100, "The element's accessible name. Present when the site asks for it.")),
  text: setBy(
    "clickTexts",
    text(100, "The element's text with digits and mail addresses masked. Present when the site asks for it."),
  ),
  burst: setBy(
    "clickEvidence",
    count(
      "Position of the click in its burst, from 1. Each click of a burst is less than 30 px and 1000 ms from the previous one. A rage click has 3 or more. Absent where repeated clicks are normal: steppers, fields, modifier keys.",
    ),
  ),
  response: setBy(
    "clickEvidence",
    z
      .enum(["mutation", "navigation", "scroll", "selection", "focus", "none"])
      .describe(
        "First reaction of the page within 2500 ms of the click. `none` is a dead click. Absent where no reaction is expected, or when the visitor left the page before it.",
      ),
  ),
  response_ms: setBy("clickEvidence", duration("Time from the click to the page's first reaction.")),
}).meta({
  description: "The visitor activates an element by pointer, keyboard or assistive technology.",
  capturedBy: ["clicks()"],
});
