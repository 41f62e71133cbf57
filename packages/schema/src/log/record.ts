import type { Consent } from "../consent.ts";
import type { FeatureEvent } from "../features/feature.ts";
import type { DeliveryCounts, FeatureValue } from "../responses.ts";

/** Every kind of record. */
export const recordKinds = [
  "event",
  "vector",
  "served_vector",
  "prediction",
  "reaction",
  "dead_letter",
  "identity",
  "drift",
  "erasure",
] as const;

/** Kind of a record. */
export type RecordKind = (typeof recordKinds)[number];

/** An event with its context, as `replay` of `@tidemark/engine` reads it. */
export type RecordedEvent = FeatureEvent & { tab_id: string; session_id: string; anonymous_id: string };

/** The place of a record in the log. */
export interface RecordPosition {
  site: string;
  partition: number;
  /** Position in the partition: grows, with gaps. (site, partition, offset) identifies the record. */
  offset: number;
  /** Number of the record in its session: 1, 2, 3 and so on, over all kinds. */
  arrival: number;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
}

/** An accepted event. */
export interface EventRecord extends RecordPosition {
  kind: "event";
  /** Version of the wire contract. */
  v: number;
  event: RecordedEvent;
}

/** The final vector of a session. */
export interface VectorRecord extends RecordPosition {
  kind: "vector";
  session_id: string;
  anonymous_id: string;
  user_id?: string | undefined;
  consent?: Consent | undefined;
  entity: "session";
  id: string;
  /** Number of times that the session was closed; the latest one counts. */
  version: number;
  /** UTC milliseconds. */
  closed_at: number;
  /** Corrected time of the latest event in the features, in UTC milliseconds. */
  event_time: number;
  definition_version: string;
  late: number;
  too_late: number;
  delivery: DeliveryCounts;
  features: Record<string, FeatureValue>;
}

/** A record of any other kind. */
export interface PayloadRecord extends RecordPosition {
  kind: Exclude<RecordKind, "event" | "vector">;
  session_id?: string | undefined;
  payload: Record<string, unknown>;
}

/** A record of the log: one JSON object. */
export type LogRecord = EventRecord | VectorRecord | PayloadRecord;
