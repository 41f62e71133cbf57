import { z } from "zod";
import { count, text } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** A failure of the page's code. Cumulative by kind and type. Never has the message, which can contain anything. */
export const error = viewEvent("error", {
  kind: z
    .enum(["error", "rejection"])
    .describe("error: an uncaught exception. rejection: an unhandled promise rejection."),
  error_type: text(
    100,
    "Class name of the error, such as TypeError; `unknown` for a thrown value that is not an Error.",
  ),
  error_count: count("Errors of this kind and type in this page view so far."),
}).meta({
  description: "Count of uncaught errors of one kind and type in a page view so far.",
  capturedBy: ["errors()"],
});
