import { z } from "zod";
import { count, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Text was selected, copied or cut. Never the text itself. */
export const selection = viewEvent("selection", {
  action: z.enum(["select", "copy", "cut"]).describe("What was done with the text."),
  length: count("Characters of the text. Never the text itself."),
  target: target.describe("The element that holds the whole selection."),
}).describe("Text was selected, copied or cut.");
