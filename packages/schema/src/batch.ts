import { z } from "zod";
import { consent } from "./consent.ts";
import type { Event } from "./events/index.ts";
import { id, sessionId, sessionSecret, text, timestamp, traceparent, userToken } from "./fields.ts";
import { WELL_FORMED } from "./keys.ts";
import { CONTRACT_VERSION, MAX_BATCH_EVENTS, MAX_BATCH_VIEWS, MAX_REACTION_IDS, MAX_SEQ } from "./limits.ts";
import { sdkReport } from "./sdk-report.ts";
import { traffic } from "./traffic.ts";
import { view } from "./view.ts";

/** A range of events, by sequence number, that the client dropped without delivering them. */
const dropped = z
  .strictObject({
    from_seq: z.int().min(0).describe("First sequence number of the range."),
    to_seq: z.int().min(0).max(MAX_SEQ).describe("Last sequence number of the range, at least from_seq."),
    reason: z
      .enum(["overflow", "expired", "refused"])
      .describe(
        "overflow: the client's buffer was full. expired: the events were too old to send. refused: the collector rejected their batch, and a retry cannot succeed.",
      ),
  })
  .refine(({ from_seq, to_seq }) => to_seq >= from_seq, { path: ["to_seq"], message: "expected at least from_seq" })
  .describe("A range of events that the client dropped.");

/** Identifiers of reactions that the collector does not deliver again. */
const reactionIds = z.array(id("Identifier of a reaction, from the response to a batch.")).max(MAX_REACTION_IDS);

/** The fields of a batch except its events. */
export const envelope = z
  .strictObject({
    v: z.literal(CONTRACT_VERSION).describe("Version of the contract."),
    key: text(200, "Public key of the site."),
    sent_at: timestamp("Time of sending, by the clock that also stamps the events."),
    session_id: sessionId,
    session_secret: sessionSecret.optional(),
    anonymous_id: id("Identifier of the visitor's browser. 8 to 64 letters, digits, _ or -."),
    user_id: text(200, "The site's id of the user, once identified. A blank one counts as absent.")
      .regex(WELL_FORMED, "expected text without half of a surrogate pair")
      .optional(),
    user_token: userToken.optional(),
    consent: consent.optional(),
    tab_id: id("Identifier of the tab in its session. Each tab numbers its events in seq."),
    traffic: traffic.optional(),
    traceparent: traceparent.optional(),
    sdk: text(60, "Sender of the batch: name/version."),
    sdk_report: sdkReport.optional(),
    dropped: z.array(dropped).max(100).optional().describe("Events that the client dropped since its last report."),
    reactions_received: reactionIds
      .optional()
      .describe("The reactions that the page has passed to its listeners. The field, even empty, asks for reactions."),
    reactions_unknown: reactionIds
      .optional()
      .describe("The reactions of which a page that is gone did not confirm that a listener ran."),
    views: z.array(view).max(MAX_BATCH_VIEWS).describe("Context of every page view that the events refer to."),
  })
  .describe("The fields that all events of a batch share.");

/**
 * The request body of `POST /v1/events`. The events have the type `unknown`: the collector validates each of them
 * separately, so that an invalid event does not invalidate the others.
 */
export const batch = envelope
  .extend({
    events: z.array(z.unknown()).min(1).max(MAX_BATCH_EVENTS).describe(`1 to ${MAX_BATCH_EVENTS} events.`),
  })
  .describe("A batch of events of one tab in one session.");

/** A batch without its events. */
export type Envelope = z.infer<typeof envelope>;

/** A received batch: the envelope is validated, the events are not. */
export type ReceivedBatch = z.infer<typeof batch>;

/** A batch as a client writes it. */
export type Batch = Omit<ReceivedBatch, "events"> & { events: Event[] };

/** A range of events that the client dropped. */
export type Dropped = z.infer<typeof dropped>;
