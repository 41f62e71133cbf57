import { z } from "zod";
import { id, pixels, setBy, text, timestamp } from "./fields.ts";

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
    signals: text(
      1000,
      "Names of the signals and enrichments that run in the page view, separated by spaces, such as `pageViews clicks clickLinks`. Empty when none runs. Absent when the sender does not state them.",
    ).optional(),
    language: setBy("deviceDetails", text(35, "Preferred language of the browser, as a BCP 47 tag.")),
    time_zone: setBy("deviceDetails", text(64, "Time zone of the browser, as an IANA name.")),
    viewport_width: setBy("deviceDetails", pixels("Width of the viewport at the start of the page view.")),
    viewport_height: setBy("deviceDetails", pixels("Height of the viewport at the start of the page view.")),
    screen_width: setBy("deviceDetails", pixels("Width of the screen.")),
    screen_height: setBy("deviceDetails", pixels("Height of the screen.")),
    connection: setBy(
      "deviceDetails",
      text(
        20,
        "Network Information's effectiveType: slow-2g, 2g, 3g or 4g. Absent when the browser does not report it.",
      ),
    ),
    color_scheme: setBy("deviceDetails", z.enum(["light", "dark"]).describe("Colour scheme that the visitor prefers.")),
  })
  .describe("Context of one page view.");

/** Context of one page view. */
export type View = z.infer<typeof view>;
