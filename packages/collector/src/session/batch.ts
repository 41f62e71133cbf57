import type { Dropped, Rejection } from "@tidemark/schema";

/** A batch on its way into its session. Its parts are in JSON, as they came: less work to hand over than what they say. */
export interface SessionBatch {
  site: string;
  /** The batch without its events, which keeps the contract. */
  envelope: string;
  /** The list of its events. */
  events: string;
  /** Whose browser it is; what the envelope says of that does not count. */
  anonymous_id: string;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
}

/** What the session made of a batch. */
export interface Receipt {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  /** Of the numbers that the batch reports as dropped, those that were not known to be: how many, by reason. */
  dropped: { [R in Dropped["reason"]]?: number };
  /** By how much the tab's missing numbers became more, or fewer when a gap closed. */
  missing_change: number;
}
