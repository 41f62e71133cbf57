import { z } from "zod";
import { id, pixels, text, timestamp } from "./fields.ts";

/** What is true for a whole page view, sent once per batch instead of once per event. */
export const view = z
  .strictObject({
    view_id: id("Identifies the view within its tab."),
    started_at: timestamp("When the view began."),
    url: text(2000, "Origin and path, with allow-listed query parameters only."),
    path: text(1000, "The URL's path. Taken from the URL when absent.").optional(),
    canonical_url: text(2000, "The page's own canonical URL, origin and path, if it states one.").optional(),
    title: text(300, "The document's title.").optional(),
    referrer: text(
      2000,
      "Where the visitor came from: origin and path of the referring page, or of the view before.",
    ).optional(),
    language: text(35, "The browser's preferred language, as BCP 47 writes it.").optional(),
    time_zone: text(64, "The browser's time zone, as IANA names it.").optional(),
    viewport_width: pixels("Width of the viewport when the view began.").optional(),
    viewport_height: pixels("Height of the viewport when the view began.").optional(),
    screen_width: pixels("Width of the screen.").optional(),
    screen_height: pixels("Height of the screen.").optional(),
    connection: text(20, "Network Information's effectiveType: slow-2g, 2g, 3g, 4g; absent where unknown.").optional(),
    color_scheme: z.enum(["light", "dark"]).describe("The colour scheme that the visitor prefers.").optional(),
  })
  .describe("The context of one page view.");

/** The context of one page view. */
export type View = z.infer<typeof view>;
