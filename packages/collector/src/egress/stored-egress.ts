import type { Gathering } from "./gathering.ts";

/** Version of everything that an egress stores. A change that an earlier release must not read adds one. */
export const EGRESS_VERSION = 1;

/** A cut in flight. */
export interface StoredCut {
  id: string;
  /** UTC milliseconds of the cut. */
  at: number;
  /** The packed records: a repeated attempt sends the same ones, whatever happens to the stream and the log meanwhile. */
  records: Uint8Array;
  /** Indexes of the records that are neither delivered nor refused. */
  pending: number[];
  /** Number of attempts in succession that have delivered nothing. */
  failures: number;
  /** UTC milliseconds before which the cut is not sent again. */
  retry_at: number;
  /** The reason of the latest retry. */
  reason?: string;
}

/** The stored state of an egress. One row, so that everything in it is committed together. */
export interface StoredEgress {
  version: number;
  site: string;
  sink: string;
  partition: number;
  /** The offset up to which all records are in cuts, or not for this sink. */
  cursor: number;
  cut?: StoredCut;
  /** The sink's own state, and the type of its target. */
  state?: { type: string; value: unknown };
  /** The operator's choice; absent without one. */
  paused?: boolean;
  /** UTC milliseconds since which records wait, while nothing is cut; absent if none does. */
  waiting_since?: number;
  /** The records that gather for the next cut; absent if none do, or the sink cuts at once. */
  gathering?: Gathering;
  /** Numbers of records so far. */
  delivered: number;
  refused: number;
  /** Number of the delivered records that the target may have stored twice. */
  uncertain: number;
  /** Numbers of attempts after which no record, some records or all records are sent again. */
  attempts: { complete: number; partial: number; failed: number };
  /** UTC milliseconds of the latest delivery. */
  delivered_at?: number;
}
