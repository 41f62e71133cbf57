import type { Dropped, Rejection } from "@tidemark/schema";

/** A batch on its way to its session. Its parts are JSON texts, which cost less to hand over than the values in them. */
export interface SessionBatch {
  site: string;
  /** The batch without its events. It conforms to the contract. */
  envelope: string;
  /** The list of its events. */
  events: string;
  /** The browser's id, by the site's cookie where it keeps one. It overrides the id in the envelope. */
  anonymous_id: string;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
}

/** The outcome of a batch in its session. */
export interface Receipt {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  /** The number of dropped events that the batch is the first to report, by reason. */
  dropped: { [R in Dropped["reason"]]?: number };
  /** The change of the number of the tab's missing events: negative when a gap closed. */
  missing_change: number;
}
