import { z } from "zod";
import { properties } from "../fields.ts";
import { viewlessEvent } from "./event.ts";

/** The visitor became known: from here on the session belongs to this user. */
export const identify = viewlessEvent("identify", {
  user_id: z.string().min(1).max(200).describe("The site's own id of the user. 1 to 200 characters."),
  traits: properties("What the site says of the user.").optional(),
}).describe("The visitor became known.");
