import { z } from "zod";
import { properties } from "../fields.ts";
import { viewEvent } from "./event.ts";

/** Start of a page view: a load, a route change, a back-forward cache restore, a new session, or a call of `page()`. */
export const pageView = viewEvent("page_view", {
  cause: z
    .enum(["load", "reload", "back_forward", "prerender", "bfcache", "route", "session", "manual"])
    .describe(
      "Reason of the view. load, reload, back_forward: type of the navigation. prerender: an activated prerender. bfcache: a restore from the back-forward cache. route: a route change within the document. session: a new session on an open page. manual: a call of page().",
    ),
  properties: properties("Properties that the site passes to page().").optional(),
}).meta({ description: "A page view starts.", capturedBy: ["pageViews()", "page()"] });
