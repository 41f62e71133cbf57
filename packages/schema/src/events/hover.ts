import { z } from "zod";
import { coordinate, duration, pointerType, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/**
 * A stay of the pointer on a link, button, field or named element, at least as long as the intent threshold. Captured
 * when the stay ends.
 */
export const hover = viewEvent("hover", {
  target,
  element_hover_duration: duration("Time that the pointer stayed on the element."),
  x: coordinate("Distance of the pointer's last position on the element from the viewport's left edge."),
  y: coordinate("Distance of the pointer's last position on the element from the viewport's top edge."),
  pointer_type: pointerType,
  clicked: z.boolean().describe("Whether the visitor clicked the element during the stay."),
}).meta({
  description: "A stay of the pointer on an element ends that was long enough to show intent.",
  capturedBy: ["hovers()"],
});
