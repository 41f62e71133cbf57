import type { Batch, Event } from "@tidemark/schema";

/**
 * Events of one tab in one session, numbered without a gap, with all that a later page needs to send them: a batch without key
 * and time of sending.
 */
export type QueuedBatch = Omit<Batch, "key" | "sent_at" | "events"> & { events: [Event, ...Event[]] };

/** The fields of a batch that say where its events come from: visitor, session and tab. */
export type BatchOrigin = Pick<Batch, "session_id" | "anonymous_id" | "user_id" | "tab_id" | "consent">;
