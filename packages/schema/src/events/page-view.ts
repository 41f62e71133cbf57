import { z } from "zod";
import { properties } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** A page was seen: one for a load, a real route change, a back-forward cache restore, or a call of `page()`. */
export const pageView = viewEvent("page_view", {
  cause: z
    .enum(["load", "reload", "back_forward", "prerender", "bfcache", "route", "session", "manual"])
    .describe(
      "Why the view began: the navigation's type, an activated prerender, a restore from the back-forward cache, a route change within the document, a new session on an open page, or a call of page().",
    ),
  properties: properties("What the caller of page() added.").optional(),
}).describe("A page was seen.");
