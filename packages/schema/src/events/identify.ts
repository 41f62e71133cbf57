import { z } from "zod";
import { droppedProperties, properties } from "../fields.ts";
import { USER_ID } from "../keys.ts";
import { viewlessEvent } from "./event.ts";

/** Identification of the visitor: the session belongs to this user from here on. */
export const identify = viewlessEvent("identify", {
  user_id: z
    .string()
    .max(200)
    .regex(USER_ID, "expected text that is not blank and has no half of a surrogate pair")
    .describe("The site's id of the user. 1 to 200 characters, at least one of them not white space."),
  traits: properties("Traits of the user that the site passes to identify().").optional(),
  dropped_properties: droppedProperties("traits").optional(),
}).meta({ description: "The site's code identifies the visitor as a user.", capturedBy: ["identify()"] });
