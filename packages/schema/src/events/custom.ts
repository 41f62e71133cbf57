import { z } from "zod";
import { droppedProperties, properties } from "../fields.ts";
import { MAX_EVENT_NAME } from "../limits.ts";
import { viewlessEvent } from "./event.ts";

/** An event that the site's code captures with `track(name, properties)`. */
export const custom = viewlessEvent("custom", {
  name: z
    .string()
    .min(1)
    .max(MAX_EVENT_NAME)
    .describe(`Name that the site gives to the event. 1 to ${MAX_EVENT_NAME} characters.`),
  properties: properties("Properties that the site passes to track().").optional(),
  dropped_properties: droppedProperties("properties").optional(),
}).meta({ description: "The site's code calls track().", capturedBy: ["track()"] });
