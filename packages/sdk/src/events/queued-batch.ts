import type { Batch, Event } from "@tidemark/schema";

/**
 * A batch that waits for delivery: events of one tab in one session, numbered without a gap. It has every field that a later page
 * needs to send it, all but `key`, `sent_at`, `session_secret`, and the fields about reactions.
 */
export type QueuedBatch = Omit<
  Batch,
  "key" | "sent_at" | "session_secret" | "reactions_received" | "reactions_unknown" | "events"
> & {
  events: [Event, ...Event[]];
};

/** The fields of a batch that identify the origin of its events: visitor, session, tab, traffic and consent. */
export type BatchOrigin = Pick<
  Batch,
  "session_id" | "anonymous_id" | "user_id" | "user_token" | "tab_id" | "traffic" | "consent"
>;
