import type { Consent } from "./consent.ts";

/**
 * What the collector answers: verdicts on single events, errors of whole requests, vectors. The tables are the source of
 * the types and of the docs.
 */

/** Why one event of a batch was refused while the others went through. */
export const rejectionCodes = {
  not_an_object: "The event is not a JSON object.",
  unknown_type: "The contract has no event of this type.",
  missing_field: "A required field is absent.",
  unknown_field: "The contract has no such field on this event.",
  invalid_field: "The field's value has the wrong type, range or form.",
  unknown_view: "The event's view_id is not described in the batch's views.",
  no_consent: "The event names the user, and the visitor has not allowed personalisation.",
  too_many_tabs: "The session already has as many tabs as it may have.",
  too_many_gaps: "The tab's sequence has more gaps than are kept; the number cannot be remembered.",
} as const;

/** Stable code of a verdict. */
export type RejectionCode = keyof typeof rejectionCodes;

/** The verdict on one refused event. */
export interface Rejection {
  /** Position in the batch's `events`, from 0. */
  index: number;
  code: RejectionCode;
  /** Dotted path of the field within the event; empty for the event as a whole. */
  path: string;
  /** What was given, what was expected. */
  message: string;
}

/** The answer to a batch: every event is accepted, a duplicate, or rejected. */
export interface BatchResponse {
  /** Events that were new and are now durable. */
  accepted: number;
  /** Events that were durable already. */
  duplicates: number;
  /** Events that were refused, and why. */
  rejected: Rejection[];
}

/** Why a whole request was refused. */
export const errorCodes = {
  invalid_json: { status: 400, meaning: "The body is not JSON, or not valid gzip." },
  invalid_batch: { status: 400, meaning: "The batch's envelope breaks the contract; the message names the field." },
  unauthorized: { status: 401, meaning: "The read key, the site key or the admin key is missing or wrong." },
  unknown_key: { status: 401, meaning: "No site has this key." },
  origin_not_allowed: { status: 403, meaning: "The page's origin is not among the site's origins." },
  foreign_session: { status: 403, meaning: "The session id names another site than the key." },
  no_consent: {
    status: 403,
    meaning: "The visitor has not consented: to being measured, or, where features are asked for, to personalisation.",
  },
  not_found: {
    status: 404,
    meaning: "No such route, nothing known of this entity and id for this site, or a route whose secret is not set.",
  },
  method_not_allowed: { status: 405, meaning: "The route exists for another method." },
  body_too_large: { status: 413, meaning: "The body exceeds the limit, as received or once inflated." },
  internal: { status: 500, meaning: "A defect of the collector; nothing of the batch was stored." },
  unavailable: {
    status: 503,
    meaning: "What keeps the state is overloaded or unreachable; nothing was stored. Retry after Retry-After seconds.",
  },
} as const;

/** Stable code of a refused request. */
export type ErrorCode = keyof typeof errorCodes;

/** The body of every 4xx and 5xx. */
export interface ErrorResponse {
  error: { code: ErrorCode; message: string };
}

/** A feature's value: `null` while it is not defined, as the maximum of nothing. */
export type FeatureValue = number | string | boolean | null | readonly (string | number)[];

/** What became of a session's events on their way. */
export interface DeliveryCounts {
  /** Distinct events stored. */
  received: number;
  /** Copies that arrived again and were not counted. */
  duplicates: number;
  /** Events refused by a verdict. */
  rejected: number;
  /** Events that the client reported as dropped. */
  dropped: number;
  /** Numbers below a tab's highest that never arrived and that nobody explained: still on their way, or lost. */
  missing: number;
}

/** What every answer of `GET /v1/features/{entity}/{id}` says: the features at the time of the answer, and how fresh they are. */
export interface VectorResponse {
  /** `session`, `user`, `page`, or the name of an entity of one's own. */
  entity: string;
  id: string;
  /** Corrected time of the latest event folded in, in UTC milliseconds. */
  event_time: number;
  /** Events older than this are late, in UTC milliseconds. That of a rollup is of the session furthest ahead. */
  watermark: number;
  /** Time from the latest event to this answer, in milliseconds. */
  age_ms: number;
  /** Which definitions made the vector: their hash. */
  definition_version: string;
  /** Events that came behind their session's watermark and were folded in. */
  late: number;
  /** Events that came behind it by more than the allowed lateness, and are not in the features. */
  too_late: number;
  features: Record<string, FeatureValue>;
}

/** The vector of a session. */
export interface SessionVectorResponse extends VectorResponse {
  entity: "session";
  /** How often the session was closed: 0 while it is alive for the first time, more than 1 after a correction. */
  version: number;
  /** When it was closed, in UTC milliseconds; `null` while it is alive, or alive again. */
  closed_at: number | null;
  /** What the visitor had answered at the latest event; absent where the site had not asked. */
  consent?: Consent | undefined;
  delivery: DeliveryCounts;
}

/** The vector of a user, a page or an entity of one's own: gathered from sessions, within a second of their events. */
export interface RollupVectorResponse extends VectorResponse {
  /**
   * Of an identified user: the anonymous ids under which the user's latest browsers are known, the latest last, at most 16. What
   * happened there before `identify` is found under these.
   */
  anonymous_ids?: string[];
}
