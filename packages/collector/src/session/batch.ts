import type { BatchResponse, Dropped } from "@tidemark/schema";
import type { Samples } from "../metrics/families.ts";
import type { CountedPrediction } from "../predictions/count-prediction.ts";
import type { CountedStep } from "./count-step.ts";
import type { ReachedGoal } from "./goals.ts";
import type { LateCause } from "./late.ts";

/** Version of {@link SessionBatch}. A field that a session must not ignore adds one. */
export const BATCH_VERSION = 1;

/**
 * A batch as its session receives it. Its parts are JSON texts, because strings cost less in a call between objects
 * than values.
 */
export interface SessionBatch {
  /** {@link BATCH_VERSION} of the sender; absent in a release without versions. */
  version?: number;
  site: string;
  /** The batch without its events. It is already validated. */
  envelope: string;
  /** The array of its events, or an object that has it in its field `events`. */
  events: string;
  /** The browser's id, from the site's cookie or from the batch. It overrides the id in the envelope. */
  anonymous_id: string;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
  /** Whether the batch may begin a session. Absent in a batch of an earlier version: it may. */
  may_begin?: boolean;
  /** The session's secret, of which a session keeps the hash; absent if the batch has none. */
  session_secret?: string | undefined;
  /** The reactions that the page has passed to its listeners. Absent if the page takes no reactions. */
  reactions_received?: string[] | undefined;
  /** The reactions of which no page confirmed that a listener ran. */
  reactions_unknown?: string[] | undefined;
  /** The trace context of the call. A session stores it nowhere. Absent if the batch has none. */
  traceparent?: string | undefined;
}

/**
 * The reason for which a session stored nothing of a batch. The value `unparsed` stands for events that are not an array
 * of 1 to MAX_BATCH_EVENTS items. After `unavailable` the same batch may succeed later. The value `not_begun` stands for a batch that would begin a
 * session, and may not.
 */
export type BatchFailure = "unparsed" | "unavailable" | "not_begun";

/** The outcome of a batch in its session. */
export interface BatchResult {
  response: BatchResponse;
  /** Number of dropped events that no earlier batch reported, by reason. */
  dropped: { [R in Dropped["reason"]]?: number };
  /** Change in the number of the tab's missing events: negative when the batch closes a gap. */
  missing_change: number;
  /**
   * Number of accepted events that count for no entity of a name, because the session feeds as many as it may. Absent in
   * the result of an earlier version.
   */
  not_fed?: Record<string, number>;
  /** Number of late events by cause: see `tidemark_events_late_total`. Absent without one. */
  late?: { [C in LateCause]?: number };
  /** Counts of the session's isolate, which the Worker adds to its own. Absent most of the time. */
  measured?: Samples;
  /** Whether the first event of the session counted. Absent in the result of an earlier version. */
  has_begun?: boolean;
  /** The goals that the session has reached with the batch. Absent without one. */
  reached?: ReachedGoal[];
  /** The predictions that the batch has caused. Absent without one. */
  predicted?: CountedPrediction[];
  /** The steps of reactions in the batch. Absent without one. */
  reacted?: CountedStep[];
}
