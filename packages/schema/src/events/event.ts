import { z } from "zod";
import { id, timestamp } from "../fields.ts";
import { MAX_SEQ } from "../limits.ts";

const identity = {
  seq: z
    .int()
    .min(0)
    .max(MAX_SEQ)
    .describe(
      "The event's number in its tab: 0 for the first, growing by one. (tab_id, seq) identifies the event for ever.",
    ),
  time: timestamp("When it happened, by the page's monotonic clock anchored to the wall clock at page load."),
};

const viewId = id("The page view it happened in; described once per batch in `views`.");

/** The shape of an event that happens in a page view: its type, identity, view and own fields, and nothing else. */
export const viewEvent = <const T extends string, F extends z.ZodRawShape>(type: T, fields: F) =>
  z.strictObject({ type: z.literal(type).describe("Event type."), ...identity, view_id: viewId, ...fields });

/** The shape of an event that may also happen outside of any page view (on a server, before the first view). */
export const viewlessEvent = <const T extends string, F extends z.ZodRawShape>(type: T, fields: F) =>
  z.strictObject({ type: z.literal(type).describe("Event type."), ...identity, view_id: viewId.optional(), ...fields });
