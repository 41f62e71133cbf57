import { z } from "zod";
import { count, text } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** The page's own code failed. Cumulative per kind and type; never the message, which may hold anything. */
export const error = viewEvent("error", {
  kind: z.enum(["error", "rejection"]).describe("An uncaught exception, or a rejected promise that nobody handled."),
  error_type: text(100, "The error's name, as TypeError; `unknown` for what is no error."),
  error_count: count("Errors of this kind and type in this view so far."),
}).describe("The page's own code failed.");
