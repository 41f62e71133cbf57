import { z } from "zod";
import { id, pixels, text, timestamp } from "./fields.ts";

/** Context of a whole page view. A batch contains it once, not in each event. */
export const view = z
  .strictObject({
    view_id: id("Identifier of the page view within its tab."),
    started_at: timestamp("Start of the page view."),
    url: text(2000, "Origin and path of the page, with allow-listed query parameters only."),
    path: text(
      1000,
      "Path of the URL, with the fragment where the site defines pages by it. The collector takes it from the URL when absent.",
    ).optional(),
    canonical_url: text(
      2000,
      "Origin and path of the page's canonical URL. Absent when the page states none.",
    ).optional(),
    title: text(300, "Title of the document.").optional(),
    referrer: text(
      2000,
      "Origin and path of the referring page, or of the previous page view after a route change.",
    ).optional(),
    language: text(35, "Preferred language of the browser, as a BCP 47 tag.").optional(),
    time_zone: text(64, "Time zone of the browser, as an IANA name.").optional(),
    viewport_width: pixels("Width of the viewport at the start of the page view.").optional(),
    viewport_height: pixels("Height of the viewport at the start of the page view.").optional(),
    screen_width: pixels("Width of the screen.").optional(),
    screen_height: pixels("Height of the screen.").optional(),
    connection: text(
      20,
      "Network Information's effectiveType: slow-2g, 2g, 3g or 4g. Absent when the browser does not report it.",
    ).optional(),
    color_scheme: z.enum(["light", "dark"]).describe("Colour scheme that the visitor prefers.").optional(),
  })
  .describe("Context of one page view.");

/** Context of one page view. */
export type View = z.infer<typeof view>;
