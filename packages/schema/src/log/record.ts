import type { Consent } from "../consent.ts";
import type { Expression, FeatureEvent } from "../features/feature.ts";
import type { DeliveryCounts, FeatureValue, PredictionFailure, ServedSet } from "../responses.ts";

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

/** Kinds of the records that sessions number: see {@link RecordPosition.arrival}. */
const numberedKinds: readonly RecordKind[] = ["event", "vector", "served_vector", "prediction", "reaction"];

/** Whether records of a kind can be one of the numbered records of a session. */
export const isNumberedKind = (kind: RecordKind): boolean => numberedKinds.includes(kind);

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

/** The payload of a record of the kind `prediction`: one prediction, with everything that explains it. */
export interface PredictionPayload {
  model: string;
  model_version: number;
  /** The part of the version: `primary`, `canary`, or `shadow`, which never answers. */
  role: "primary" | "canary" | "shadow";
  /** Share of the entities for which the version has this role. */
  probability: number;
  entity: string;
  id: string;
  /** The reader that asked for it; `session` for a prediction on change. */
  reader: "page" | "server" | "session";
  /** Time of the vector, in UTC milliseconds by the collector's clock. */
  time: number;
  /** Corrected time of the latest event in the vector, in UTC milliseconds. */
  event_time: number;
  definition_version: string;
  set: ServedSet;
  /** The vector, in the order of the set. */
  features: Record<string, FeatureValue>;
  /** The prediction, of the model or of its fallback; `null` without both. */
  value: number | null;
  /** The reason for the fallback; `null` for the model's own prediction. */
  fallback: PredictionFailure | null;
  latency_ms: number;
  /** Description of the failure. */
  error?: string;
}

/**
 * A step of a reaction. It has `fired` when its condition became true. Then a page has called its listeners (`received`), or a
 * page that is gone did not confirm that (`unknown`), or no page acknowledged it in time (`expired`).
 */
export type ReactionStep = "fired" | "received" | "unknown" | "expired";

/** The payload of a record of the kind `reaction`. Only that of the step `fired` has {@link ReactionCause}. */
export interface ReactionPayload extends Partial<ReactionCause> {
  /** Name of the reaction. */
  reaction: string;
  /** Identifier of this one firing. */
  reaction_id: string;
  step: ReactionStep;
  entity: "session";
  id: string;
  /** The session's part: `holdout` receives no reaction, and is recorded for comparison. */
  arm: "treatment" | "holdout";
  /** Time of the step, in UTC milliseconds by the collector's clock. */
  time: number;
}

/** The cause of a reaction: the rule, the vector and the models. */
export interface ReactionCause {
  /** The share of sessions in the holdout. */
  holdout: number;
  to: readonly ("page" | "webhook")[];
  /** The condition, as the configuration defines it. */
  rule: Expression;
  /** The features that the condition reads, and their values. */
  features: Record<string, FeatureValue>;
  /** The predictions that the condition reads, by the model's name. */
  predictions: Record<string, { value: number; version: number }>;
  definition_version: string;
  /** Corrected time of the latest event in the vector, in UTC milliseconds. */
  event_time: number;
  /** Time at which the reaction expires, in UTC milliseconds. */
  expires_at: number;
}

/** A record of the log: one JSON object. */
export type LogRecord = EventRecord | VectorRecord | PayloadRecord;
