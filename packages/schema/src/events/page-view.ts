import { z } from "zod";
import { droppedProperties, properties } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Start of a page view: a load, a route change, a back-forward cache restore, a new session, or a call of `page()`. */
export const pageView = viewEvent("page_view", {
  cause: z
    .enum(["load", "reload", "back_forward", "prerender", "bfcache", "route", "session", "manual"])
    .describe(
      "Reason of the page view. The type of the navigation: load, reload or back_forward. An activated prerender: prerender. A restore from the back-forward cache: bfcache. A route change within the document: route. A new session on an open page: session. A call of page(): manual.",
    ),
  properties: properties("Properties that the site passes to page().").optional(),
  dropped_properties: droppedProperties("properties").optional(),
}).meta({ description: "A page view starts.", capturedBy: ["pageViews()", "page()"] });
