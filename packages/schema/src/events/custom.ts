import { z } from "zod";
import { droppedProperties, properties } from "../fields.ts";
import { viewlessEvent } from "./event.ts";

/** An event that the site's code captures with `track(name, properties)`. */
export const custom = viewlessEvent("custom", {
  name: z.string().min(1).max(100).describe("Name that the site gives to the event. 1 to 100 characters."),
  properties: properties("Properties that the site passes to track().").optional(),
  dropped_properties: droppedProperties("properties").optional(),
}).meta({ description: "The site's code calls track().", capturedBy: ["track()"] });
