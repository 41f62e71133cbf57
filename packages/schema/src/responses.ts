import { z } from "zod";
import type { Consent } from "./consent.ts";
import { count, id } from "./fields.ts";
import { MAX_ACKNOWLEDGED_RANGES, MAX_REACTIONS, MAX_SEQ } from "./limits.ts";

/** Reasons to reject one event of a batch, and their meanings. */
export const rejectionCodes = {
  not_an_object: "The event is not a JSON object.",
  unknown_type: "The contract has no event of this type.",
  missing_field: "A required field is absent.",
  unknown_field: "The contract has no such field on this event.",
  invalid_field: "The field's value has the wrong type, range or format.",
  unknown_view: "The batch's views do not describe the event's view_id.",
  no_consent: "The event names the user, and the visitor has not consented to personalisation.",
  too_old: "The event's time is more than 8 days before the batch's sent_at.",
  too_many_tabs: "The session already has the largest number of tabs.",
  too_many_gaps:
    "The numbers of the session's tabs have more gaps than the collector stores, so it cannot store this event's number.",
  too_many_missing: "Too many of the tab's numbers below the event's seq never arrived.",
} as const;

/** Stable code of the reason to reject an event. */
export type RejectionCode = keyof typeof rejectionCodes;

const rejection = z.object({
  index: count("Position in the batch's `events`, from 0."),
  code: z.string().describe("Stable code of the reason. A newer collector may have codes that are not in this list."),
  path: z.string().describe("Dotted path of the field within the event; empty for the event as a whole."),
  message: z.string().describe("Field, given value and expected value, for a person."),
});

const reaction = z.object({
  id: id("Identifier of this one firing. A page calls its listeners once for it, however often it receives it."),
  name: z.string().describe("Name of the reaction."),
  payload: z.record(z.string(), z.unknown()).describe("The reaction's data from the configuration."),
  expires_in_ms: count("Time from the response until the reaction expires, in milliseconds."),
});

const seq = z.int().min(0).max(MAX_SEQ);

/**
 * The response to a batch, as every version of the collector writes it. A reader ignores unknown keys: a newer collector
 * may have more.
 */
export const batchResponse = z
  .object({
    accepted: count("Number of new events, now durable."),
    duplicates: count("Number of events that were already durable."),
    rejected: z.array(rejection).describe("The rejected events, in the order of the batch."),
    tab: z
      .object({
        acknowledged: z
          .array(z.tuple([seq, seq]))
          .max(MAX_ACKNOWLEDGED_RANGES)
          .describe(
            `Sequence numbers that the collector does not need again, as ranges [first, last] in ascending order. At most ${MAX_ACKNOWLEDGED_RANGES} ranges, the highest ones.`,
          ),
      })
      .optional()
      .describe(
        "The batch's tab in its session: `acknowledged` has the sequence numbers that the collector does not need again. An older collector does not send this field.",
      ),
    predictions: z
      .record(
        z.string(),
        z.object({
          value: z.number().describe("The latest prediction."),
          version: count("Version of the model."),
        }),
      )
      .optional()
      .describe(
        "The latest predictions of the session by models that run on change, by the model's name. Absent without one, and for a batch without the session's secret.",
      ),
    reactions: z
      .array(reaction)
      .max(MAX_REACTIONS)
      .optional()
      .describe(
        "The session's reactions that no page has acknowledged. Absent without one, and for a batch without the session's secret, consent to personalisation, or `reactions_received`.",
      ),
    follow_reactions: z
      .literal(true)
      .optional()
      .describe("Whether a reaction can fire without a further batch. It reaches the page by `GET /v1/follow/{id}`."),
  })
  .describe("The response to a batch. The collector accepts, deduplicates or rejects each event.");

/** A reaction, as a response delivers it. */
export type DeliveredReaction = z.infer<typeof reaction>;

/** One rejected event. */
export interface Rejection extends z.infer<typeof rejection> {
  code: RejectionCode;
}

/** The response to a batch, as this version of the collector writes it. */
export interface BatchResponse extends z.infer<typeof batchResponse> {
  rejected: Rejection[];
}

/** Reasons to reject a whole request, with their HTTP status and meaning. */
export const errorCodes = {
  invalid_json: { status: 400, meaning: "The body is not JSON, or not valid gzip." },
  invalid_batch: { status: 400, meaning: "The batch's envelope violates the contract. The message names the field." },
  invalid_body: {
    status: 400,
    meaning: "The body of a read violates the contract. The message names the field.",
  },
  invalid_query: { status: 400, meaning: "A query parameter is missing, invalid or unknown. The message names it." },
  invalid_path: { status: 400, meaning: "The URL's path is not percent-encoded UTF-8." },
  unauthorized: { status: 401, meaning: "The read key, the public key or the admin key is missing or wrong." },
  unknown_key: { status: 401, meaning: "No site has this key." },
  origin_not_allowed: { status: 403, meaning: "The page's origin is not one of the site's origins." },
  foreign_session: { status: 403, meaning: "The session id names another site than the key." },
  no_consent: {
    status: 403,
    meaning: "The visitor has not consented to measurement, or, for a request of features, to personalisation.",
  },
  not_found: {
    status: 404,
    meaning:
      "No such route, no data of this entity and id for this site (any more), or a route whose secret is not set.",
  },
  no_log: { status: 404, meaning: "The site has no log in the configuration." },
  model_refused: {
    status: 409,
    meaning: "The model does not run, for the reason in the message, and has no fallback.",
  },
  method_not_allowed: { status: 405, meaning: "The route exists for another method." },
  expired: {
    status: 410,
    meaning:
      "The entity's days to live are over. The collector deletes it some days later, and the error is then not_found. With as_of: the log does not have all events any more.",
  },
  body_too_large: { status: 413, meaning: "The body exceeds the limit, as received or after inflating." },
  range_not_satisfiable: { status: 416, meaning: "The file has no byte of the range that Range names." },
  log_too_large: {
    status: 422,
    meaning:
      "The response would need more of the log than one request reads. The message names a command that has no limit.",
  },
  upgrade_required: { status: 426, meaning: "The route accepts WebSocket connections only." },
  too_many_requests: {
    status: 429,
    meaning:
      "The client's address sends too many requests, or begins too many sessions, of the site. Retry after Retry-After seconds.",
  },
  over_daily_cap: {
    status: 429,
    meaning: "The site has reached its daily cap of events or of new sessions. Retry after Retry-After seconds.",
  },
  internal: {
    status: 500,
    meaning: "A defect of the collector. Nothing of the batch was stored. Retry a limited number of times.",
  },
  unavailable: {
    status: 503,
    meaning:
      "The storage of the session or entity is overloaded or unreachable, or a later release has written it during a rollout. Nothing was stored. Retry after Retry-After seconds.",
  },
  model_unavailable: {
    status: 503,
    meaning:
      "The model's server failed or did not respond in time, and the model has no fallback. Retry after Retry-After seconds.",
  },
  paused: { status: 503, meaning: "The site is paused. Nothing was stored. Retry after Retry-After seconds." },
} as const;

/** Stable code of the reason to reject a request. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * The body of a response with a 4xx or 5xx status, as every version of the collector writes it. A response without this
 * form is not the collector's: a proxy or the platform sent it. A newer collector may have more keys and codes.
 */
export const errorResponse = z.object({
  error: z.object({
    code: z
      .string()
      .regex(/^[a-z_]+$/)
      .describe("Stable code of the reason."),
    message: z.string().describe("Given value, expected value and next step, for a person."),
  }),
});

/** The body of every 4xx and 5xx status, as this version of the collector writes it. */
export interface ErrorResponse {
  error: z.infer<typeof errorResponse>["error"] & { code: ErrorCode };
}

/** A feature's value; `null` while it is undefined, such as the maximum of no values. */
export type FeatureValue = number | string | boolean | null | readonly (string | number)[];

/** A feature set, as its vectors name it. */
export interface ServedSet {
  name: string;
  version: number;
  /** First 12 hex digits of the SHA-256 of the definitions of its features, and of those that they read, as JSON. */
  hash: string;
}

/**
 * The reason for a prediction without the model: `timeout`, `error` of the server, `open` circuit breaker, or
 * `missing_model` for one that was refused or cannot be read.
 */
export type PredictionFailure = "timeout" | "error" | "open" | "missing_model";

/** The latest prediction of a model that runs on change, in a session's vector. */
export interface LatestPrediction {
  value: number;
  /** Version of the model. */
  version: number;
  /** Time of the prediction, in UTC milliseconds by the collector's clock. */
  time: number;
  /** Time from the prediction to this response, in milliseconds. */
  age_ms: number;
}

/** Counts of a session's events by the outcome of their delivery. */
export interface DeliveryCounts {
  /** Distinct events stored. */
  received: number;
  /** Events received again after they were stored. They do not count in features. */
  duplicates: number;
  /** Events that the collector rejected. */
  rejected: number;
  /** Events that the client reported as dropped. */
  dropped: number;
  /** Sequence numbers below a tab's highest without a stored, rejected or dropped event: in transit or lost. */
  missing: number;
}

/**
 * Common fields of every response of `GET /v1/features/{entity}/{id}`: the features at the time of the response, and
 * their freshness.
 */
export interface VectorResponse {
  /** `session`, `user`, `page`, or the name of a custom entity. */
  entity: string;
  id: string;
  /** Corrected time of the latest event in the features, in UTC milliseconds. */
  event_time: number;
  /**
   * Watermark in UTC milliseconds. A session's event before it is late. A rollup's is the time of its latest event minus
   * the bounded out-of-orderness.
   */
  watermark: number;
  /** Time from the latest event to this response, in milliseconds. */
  age_ms: number;
  /** Hash of the definitions that produced the vector. */
  definition_version: string;
  /** Number of events that arrived behind their session's watermark and count in the features. */
  late: number;
  /** Number of events behind the watermark by more than the allowed lateness, which do not count in the features. */
  too_late: number;
  /** The feature set that the request names; `features` then has its features only, in their order. */
  set?: ServedSet;
  features: Record<string, FeatureValue>;
}

/** The vector of a session. */
export interface SessionVectorResponse extends VectorResponse {
  entity: "session";
  /** Number of times that the session was closed: 0 while it is first open, more than 1 after a correction. */
  version: number;
  /** Closing time in UTC milliseconds; `null` while the session is open, or open again. */
  closed_at: number | null;
  /** The visitor's stated consent at the latest event; absent when the site did not ask. */
  consent?: Consent | undefined;
  delivery: DeliveryCounts;
  /**
   * The latest predictions by models that run on change, by the model's name: those in the requested set or features, or
   * else all of them. Absent without one.
   */
  predictions?: Record<string, LatestPrediction>;
}

/** The vector of a session at a time of the past: of the events that the collector had received by then. */
export interface SessionVectorAsOf extends VectorResponse {
  entity: "session";
  /** The time that the request names, in UTC milliseconds. `age_ms` is the age at this time. */
  as_of: number;
}

/** The vector of a user, a page or a custom entity. Merged from sessions, within a second of their events. */
export interface RollupVectorResponse extends VectorResponse {
  /**
   * Of an identified user only: the `anonymous_id`s of at most 16 browsers, the latest last. Events from before
   * `identify` are in the vectors of these ids.
   */
  anonymous_ids?: string[];
}

/** The response of `GET /v1/entities/{entity}`: one page of a list. */
export interface ActiveEntitiesResponse {
  entities: {
    id: string;
    /** Time of the latest event, in UTC milliseconds. Of a session, the time at which its latest events arrived. */
    event_time: number;
    /** Time from then to this response, in milliseconds. */
    age_ms: number;
  }[];
  /** Parameter of the request for the next page; absent on the last one. */
  cursor?: string;
}

/** A vector that a bulk read does not have, and the reason. */
export interface MissingVector {
  entity: string;
  id: string;
  /** The set that the request names, as it names it. */
  set?: string;
  /** The error code of a read of this vector alone, or `deadline_exceeded`. */
  code: ErrorCode | "deadline_exceeded";
  message: string;
}

/** The response of `POST /v1/predict/{model}/{entity}/{id}`. */
export interface PredictionResponse {
  model: string;
  /** The version that answers for the entity. */
  version: number;
  entity: string;
  id: string;
  /** The prediction, of the model or of its fallback. */
  value: number;
  /** The reason for the fallback; `null` for the model's own prediction. */
  fallback: PredictionFailure | null;
  latency_ms: number;
  /** Corrected time of the latest event in the vector, in UTC milliseconds. */
  event_time: number;
  /** Time from the latest event to the vector, in milliseconds. */
  age_ms: number;
  /** The feature set of the vector. */
  set: ServedSet;
}

/** A prediction that a bulk request does not have, and the reason. */
export interface MissingPrediction {
  entity: string;
  id: string;
  /** The error code of a request for this prediction alone, or `deadline_exceeded`. */
  code: ErrorCode | "deadline_exceeded";
  message: string;
}

/** The response of `POST /v1/predict/{model}`. Each prediction of the request is in one of the two lists, in its order. */
export interface BulkPredictionResponse {
  predictions: PredictionResponse[];
  missing: MissingPrediction[];
}

/** The response of `GET /v1/models`. */
export interface ModelsResponse {
  models: {
    name: string;
    version: number;
    /** Name and version of the feature set. */
    set: string;
    runs: "embedded" | "kserve_v2" | "kserve_v1" | "http";
    when: "on_demand" | "on_change";
    role: "primary" | "canary" | "shadow";
    /** Share of the entities for which the version has this role. */
    probability: number;
    /** `refused` for a version that does not run. */
    state: "ready" | "refused";
    /** The reason for `refused`. */
    reason?: string;
    /** Whether the server says that the model is ready. Absent for a version without a server, or without such a check. */
    server_ready?: boolean;
  }[];
}

/** The response of `POST /v1/features`. Each vector of the request is in one of the two lists, in its order. */
export interface BulkResponse {
  vectors: (SessionVectorResponse | RollupVectorResponse)[];
  missing: MissingVector[];
}

/** The progress of a sink in one partition. */
export interface SinkProgress {
  partition: number;
  paused: boolean;
  /** Number of records that are neither delivered nor refused, at least: the stream may no longer keep the oldest ones. */
  lag_records: number;
  /** Age of the oldest of these records, in milliseconds; 0 without one. */
  lag_ms: number;
  /** Numbers of records so far. */
  delivered: number;
  refused: number;
  /** Number of the delivered records that the target may have stored twice. */
  uncertain: number;
  /** Numbers of attempts after which no record, some records or all records are sent again. */
  attempts: { complete: number; partial: number; failed: number };
  /** Number of attempts in succession that have delivered nothing. */
  failures: number;
  /** Time of the latest delivery, in UTC milliseconds; `null` before the first. */
  delivered_at: number | null;
  /** Time of the next attempt after a failure, in UTC milliseconds; `null` without a failure. */
  retry_at: number | null;
  /** The reason of the latest failure of the records in flight; `null` without one. */
  reason: string | null;
}

/** Response of `GET /v1/sinks`. */
export interface SinksResponse {
  sinks: {
    sink: string;
    /** Kind of its target, such as `kafka`. */
    type: string;
    partitions: SinkProgress[];
  }[];
}

/** A record that the target of a sink has refused. */
export interface SinkDeadLetter {
  /** UTC milliseconds at which it was refused. */
  at: number;
  /** `<session>/<tab>/<seq>` of an event, `<site>/<partition>/<offset>` of any other record. */
  id: string;
  kind: string;
  /** Its position in the log. */
  partition: number;
  offset: number;
  received_at: number;
  reason: string;
}

/** Response of `GET /v1/sinks/{sink}/dead-letters`: the latest 1,000 of each partition, the latest first. */
export interface SinkDeadLettersResponse {
  dead_letters: SinkDeadLetter[];
}

/** Response of `GET /v1/alerts`. Times are UTC milliseconds. */
export interface AlertsResponse {
  /** The latest evaluation. `null` before the first one. */
  evaluated_at: number | null;
  /** The reason why the latest round had no evaluation. `null` if it had one. */
  problem: string | null;
  /** Number of series that alerts leave out, because there are too many. */
  omitted_series: number;
  alerts: {
    name: string;
    severity: "page" | "ticket" | "none";
    /** Seconds for which its condition has to hold. */
    for_seconds: number;
    /** `prometheus` for an alert that the collector cannot evaluate. */
    by: "collector" | "prometheus";
    /** By labels. None if its condition holds for no labels. */
    instances: {
      labels: Record<string, string>;
      /** `resolved` until the receivers know of it. */
      state: "pending" | "firing" | "resolved";
      /** The beginning of the state. */
      since: number;
      /** The value that met the condition. */
      value: number | null;
      summary: string;
      silenced: boolean;
    }[];
  }[];
  silences: AlertSilence[];
  receivers: {
    name: string;
    /** Kind of the receiver, such as `pagerduty`. */
    type: string;
    /** The latest call. `null` if there was none since the object started. */
    called_at: number | null;
    /** Number of failed calls in succession. */
    failures: number;
    /** The response to the latest call, or its problem. */
    detail: string | null;
  }[];
}

/** A decision that an alert is not sent for some time. Response of `POST /v1/alerts/silences`. */
export interface AlertSilence {
  id: string;
  /** Name of the alert. Absent for all. */
  alert?: string;
  /** The labels that the alert has. */
  labels: Record<string, string>;
  /** UTC milliseconds. */
  until: number;
  comment: string;
  /** UTC milliseconds. */
  created_at: number;
}

/** Response of `POST /v1/alerts/test`. */
export interface AlertTestResponse {
  receivers: { name: string; type: string; accepted: boolean; detail: string }[];
}
