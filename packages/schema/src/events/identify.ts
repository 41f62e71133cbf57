import { z } from "zod";
import { droppedProperties, properties } from "../fields.ts";
import { viewlessEvent } from "./event.ts";

/** Identification of the visitor: the session belongs to this user from here on. */
export const identify = viewlessEvent("identify", {
  user_id: z.string().min(1).max(200).describe("The site's id of the user. 1 to 200 characters."),
  traits: properties("Traits of the user that the site passes to identify().").optional(),
  dropped_properties: droppedProperties("traits").optional(),
}).meta({ description: "The site's code identifies the visitor as a user.", capturedBy: ["identify()"] });
