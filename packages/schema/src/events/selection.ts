import { z } from "zod";
import { count, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** A selection, copy or cut of text. Never has the text itself. */
export const selection = viewEvent("selection", {
  action: z.enum(["select", "copy", "cut"]).describe("Action of the visitor on the text."),
  length: count("Characters of the text. Never the text itself."),
  target: target.describe("Innermost element that contains the whole selection."),
}).meta({ description: "The visitor selects, copies or cuts text.", capturedBy: ["selections()"] });
