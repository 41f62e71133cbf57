import { z } from "zod";
import { coordinate, duration, pointerType, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** The pointer rested on a meaningful element for at least the intent threshold. Sent when it leaves. */
export const hover = viewEvent("hover", {
  target,
  element_hover_duration: duration("How long the pointer stayed on the element."),
  x: coordinate("Where the pointer rested last: distance from the viewport's left edge."),
  y: coordinate("Where the pointer rested last: distance from the viewport's top edge."),
  pointer_type: pointerType,
  clicked: z.boolean().describe("Whether the element was clicked during the stay."),
}).describe("The pointer rested on an element with intent.");
