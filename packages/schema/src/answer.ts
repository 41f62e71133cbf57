/**
 * What the collector answers: verdicts on single events, errors of whole requests, vectors. The tables are the source of
 * the types and of the docs.
 */

/** Why one event of a batch was refused while the others went through. */
export const verdictCodes = {
  not_an_object: "The event is not a JSON object.",
  unknown_type: "The contract has no event of this type.",
  missing_field: "A required field is absent.",
  unknown_field: "The contract has no such field on this event.",
  invalid_field: "The field's value has the wrong type, range or form.",
  unknown_view: "The event's view_id is not described in the batch's views.",
  too_many_tabs: "The session already has as many tabs as it may have.",
  too_many_gaps: "The tab's sequence has more gaps than are kept; the number cannot be remembered.",
} as const;

/** Stable code of a verdict. */
export type VerdictCode = keyof typeof verdictCodes;

/** The verdict on one refused event. */
export interface Rejection {
  /** Position in the batch's `events`, from 0. */
  index: number;
  code: VerdictCode;
  /** Dotted path of the field within the event; empty for the event as a whole. */
  path: string;
  /** What was given, what was expected. */
  message: string;
}

/** The answer to a batch: every event is accepted, a duplicate, or rejected. */
export interface BatchAnswer {
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
  not_found: {
    status: 404,
    meaning: "No such route, no such session for this site, or a route whose secret is not set.",
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
export interface ErrorAnswer {
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

/** The answer of `GET /v1/features/{entity}/{id}`. */
export interface VectorAnswer {
  entity: "session";
  id: string;
  /** Corrected time of the latest event folded in, in UTC milliseconds. */
  event_time: number;
  /** Events older than this are late, in UTC milliseconds. */
  watermark: number;
  /** Which definitions made the vector: name and hash. */
  definition_version: string;
  features: Record<string, FeatureValue>;
  delivery: DeliveryCounts;
}
