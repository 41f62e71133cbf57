import { z } from "zod";
import { id, timestamp } from "../fields.ts";
import { MAX_SEQ } from "../limits.ts";

const identity = {
  seq: z
    .int()
    .min(0)
    .max(MAX_SEQ)
    .describe(
      "Sequence number of the event in its tab: 0 for the first event, then one higher for each. (tab_id, seq) identifies the event permanently.",
    ),
  time: timestamp("Time of the event, by the page's monotonic clock anchored to the wall clock at page load."),
};

const viewId = id("Identifier of the event's page view. The batch describes it once in `views`.");

/**
 * The shape of an event that belongs to a page view: type, identity, view and the given fields, and no others. Each
 * shape has two entries of metadata. `description` states when the event is captured or what it reports; `capturedBy`
 * lists the SDK's signals and methods that capture it.
 */
export const viewEvent = <const T extends string, F extends z.ZodRawShape>(type: T, fields: F) =>
  z.strictObject({ type: z.literal(type).describe("Event type."), ...identity, view_id: viewId, ...fields });

/**
 * The shape of an event whose page view is optional, such as an event of a server or from before the first page view.
 */
export const viewlessEvent = <const T extends string, F extends z.ZodRawShape>(type: T, fields: F) =>
  z.strictObject({ type: z.literal(type).describe("Event type."), ...identity, view_id: viewId.optional(), ...fields });
