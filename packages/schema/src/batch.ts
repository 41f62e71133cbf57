import { z } from "zod";
import { consent } from "./consent.ts";
import type { Event } from "./events/index.ts";
import { id, sessionId, text, timestamp } from "./fields.ts";
import { CONTRACT_VERSION, MAX_BATCH_EVENTS, MAX_BATCH_VIEWS, MAX_SEQ } from "./limits.ts";
import { view } from "./view.ts";

/** Events that a client gave up on, by their numbers, so that their loss is known and explained. */
const dropped = z
  .strictObject({
    from_seq: z.int().min(0).describe("First number dropped."),
    to_seq: z.int().min(0).max(MAX_SEQ).describe("Last number dropped, at least from_seq."),
    reason: z
      .enum(["overflow", "expired", "refused"])
      .describe("overflow: the buffer was full; expired: too old to send; refused: the collector's answer was final."),
  })
  .refine(({ from_seq, to_seq }) => to_seq >= from_seq, { path: ["to_seq"], message: "expected at least from_seq" })
  .describe("A range of events that the client dropped.");

/** What a batch says beside its events. */
export const envelope = z
  .strictObject({
    v: z.literal(CONTRACT_VERSION).describe("Version of the contract."),
    key: text(200, "The site's public key."),
    sent_at: timestamp("When the batch was sent, by the same clock as the events' times."),
    session_id: sessionId,
    anonymous_id: id("The visitor's browser."),
    user_id: text(200, "The user, once identified.").optional(),
    consent: consent.optional(),
    tab_id: id("The tab in this session; numbers its events with seq."),
    sdk: text(60, "Who made the batch: name/version."),
    dropped: z.array(dropped).max(100).optional().describe("What the client dropped since its last report."),
    views: z.array(view).max(MAX_BATCH_VIEWS).describe("Context of every view that the events refer to."),
  })
  .describe("Who and where the events of a batch have in common.");

/**
 * The wire form of `POST /v1/events`. The events are left unexamined here: each gets a verdict of its own, so that a
 * bad one does not take the others with it.
 */
export const batch = envelope
  .extend({
    events: z.array(z.unknown()).min(1).max(MAX_BATCH_EVENTS).describe("The events; see event."),
  })
  .describe("A batch of events of one tab in one session.");

/** A batch without its events. */
export type Envelope = z.infer<typeof envelope>;

/** A batch as received: its envelope is checked, its events are not. */
export type ReceivedBatch = z.infer<typeof batch>;

/** A batch as a client writes it. */
export type Batch = Omit<ReceivedBatch, "events"> & { events: Event[] };

/** A range of events that the client dropped. */
export type Dropped = z.infer<typeof dropped>;
