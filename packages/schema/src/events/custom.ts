import { z } from "zod";
import { properties } from "../fields.ts";
import { viewlessEvent } from "./event.ts";

/** Something the site's own code reported with `track(name, properties)`. */
export const custom = viewlessEvent("custom", {
  name: z.string().min(1).max(100).describe("What happened, in the site's own words. 1 to 100 characters."),
  properties: properties("What the caller of track() added.").optional(),
}).describe("Something the site's own code reported.");
