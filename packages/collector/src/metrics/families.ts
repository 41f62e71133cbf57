/** The unit of a metric's values: a base unit of Prometheus, or the things that it counts. */
export type Unit =
  | "attempts"
  | "bytes"
  | "days"
  | "errors"
  | "events"
  | "goals"
  | "info"
  | "messages"
  | "partitions"
  | "predictions"
  | "reactions"
  | "records"
  | "requests"
  | "rows"
  | "seconds"
  | "sessions"
  | "spans"
  | "value";

/** A metric family. */
interface FamilyType {
  type: "counter" | "gauge" | "histogram";
  unit: Unit;
  help: string;
  /** The names of its labels. */
  labels: readonly string[];
  /** Upper bounds of the buckets of a histogram, in ascending order. The last bucket has none. */
  bounds?: readonly number[];
}

/** Upper bounds of waits, in seconds: Prometheus' own defaults. */
const WAITS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/**
 * The metric families by name: the one table of what the collector measures. The exposition, the docs, the dashboards and
 * the alerts are made or checked from it. Counters end in `_total` and only grow; gauges go up and down; histograms count
 * values by bucket.
 */
export const families = {
  tidemark_build_info: {
    type: "gauge",
    unit: "info",
    labels: ["version", "contract"],
    help: "1, with the release of the collector and the version of the contract as labels.",
  },
  tidemark_requests_total: {
    type: "counter",
    unit: "requests",
    labels: ["route", "status"],
    help: 'Requests answered. Unmatched paths have route="none".',
  },
  tidemark_request_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: ["site"],
    help: "Bytes of the bodies of batches that were read, as received: compressed if they are.",
  },
  tidemark_events_received_total: {
    type: "counter",
    unit: "events",
    labels: ["site"],
    help: "Events in batches that were read: accepted, duplicate or rejected.",
  },
  tidemark_events_accepted_total: {
    type: "counter",
    unit: "events",
    labels: ["site"],
    help: "Events stored.",
  },
  tidemark_events_duplicate_total: {
    type: "counter",
    unit: "events",
    labels: ["site"],
    help: "Events received again after they were stored.",
  },
  tidemark_events_rejected_total: {
    type: "counter",
    unit: "events",
    labels: ["site", "code", "field", "release"],
    help: "Events rejected, singly or with a batch that lacks consent, by code, field and release of the SDK. An event that is sent again counts again. Field: its path without positions, none or other.",
  },
  tidemark_events_late_total: {
    type: "counter",
    unit: "events",
    labels: ["site", "cause"],
    help: "Events accepted more than 5 minutes after they happened, by cause: offline if their tab has an event of the latest 5 minutes, otherwise closed. An event is of cause clock if the page's clock is wrong by more than a minute, whatever its age.",
  },
  tidemark_events_dropped_total: {
    type: "counter",
    unit: "events",
    labels: ["site", "reason"],
    help: "Events dropped by clients, by reason. An event counts once.",
  },
  tidemark_events_missing: {
    type: "gauge",
    unit: "events",
    labels: ["site"],
    help: "Sequence numbers below a tab's highest that were neither received, rejected nor dropped: in transit or lost.",
  },
  tidemark_events_not_fed_total: {
    type: "counter",
    unit: "events",
    labels: ["site", "entity"],
    help: "Events that count for their session, but for no user, page or custom entity: their session has the most ids of it.",
  },
  tidemark_sdk_events_total: {
    type: "counter",
    unit: "events",
    labels: ["site", "release"],
    help: "Events received, by release of the SDK that sent them, such as js/1.2.3. A text of another form counts as other.",
  },
  tidemark_sdk_script_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["site", "release", "browser"],
    bounds: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    help: "Script time of the SDK in the page that begins a session, until it is first hidden or a minute old: estimated by the page, without its start. One value for each report, by release of the SDK and family of the browser.",
  },
  tidemark_sdk_errors_total: {
    type: "counter",
    unit: "errors",
    labels: ["site", "release", "browser"],
    help: "Exceptions that the SDK has caught in the pages that report, those of the page's own functions that it calls among them.",
  },
  tidemark_sdk_storage_errors_total: {
    type: "counter",
    unit: "errors",
    labels: ["site", "release", "browser"],
    help: "Failures of the browser's storage of unacknowledged batches in the pages that report.",
  },
  tidemark_sessions_total: {
    type: "counter",
    unit: "sessions",
    labels: ["site"],
    help: "Sessions of visitors that have begun: their first event was stored. Without those of tests and of the site's own people.",
  },
  tidemark_open_sessions: {
    type: "gauge",
    unit: "sessions",
    labels: ["site"],
    help: "Sessions whose partition has received a push of them in the latest 30 minutes, and not their end.",
  },
  tidemark_wait_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["on", "outcome"],
    bounds: WAITS,
    help: "Waits for another part, by part: session, push, entity_read, put, sink or model. Outcome: ok or error. Computing counts as 0, because the platform's clock stands still meanwhile.",
  },
  tidemark_object_errors_total: {
    type: "counter",
    unit: "errors",
    labels: ["object"],
    help: "Calls of Durable Objects that failed, by class of the object.",
  },
  tidemark_objects_unresponsive: {
    type: "gauge",
    unit: "value",
    labels: ["site", "object"],
    help: "1 while the Partition, Egress or Schedule objects do not respond to a read of the metrics, or fail it; otherwise 0. At 1 the metrics that they have are absent. Schedule has no site.",
  },
  tidemark_watermark_lag_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site"],
    help: "Age of the oldest push that no user, page or custom entity has yet: what their features lack.",
  },
  tidemark_feature_age_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["site", "entity", "set"],
    help: "Ages of vectors when they were served: the time since the latest event that they contain. Set: its name and version, or none.",
    bounds: [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400, 604_800],
  },
  tidemark_log_age_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site"],
    help: "Age of the oldest record of the log that no file has yet.",
  },
  tidemark_log_records: {
    type: "gauge",
    unit: "records",
    labels: ["site"],
    help: "Records of the log that no file has yet.",
  },
  tidemark_log_bytes_total: {
    type: "counter",
    unit: "bytes",
    labels: ["site"],
    help: "Bytes of the files that the log has written from records, without those of their compaction.",
  },
  tidemark_log_records_set_aside_total: {
    type: "counter",
    unit: "records",
    labels: ["site"],
    help: "Records that the log leaves out, because no file can hold them.",
  },
  tidemark_rows_set_aside_total: {
    type: "counter",
    unit: "rows",
    labels: ["site", "entity"],
    help: "Writes of a user's, page's or custom entity's row that failed, for its size for example. The row keeps its earlier values.",
  },
  tidemark_daily_cap_reached_total: {
    type: "counter",
    unit: "days",
    labels: ["site", "cap", "percent"],
    help: "Days on which a site reached a percentage of a daily cap: 80 or 100.",
  },
  tidemark_predictions_total: {
    type: "counter",
    unit: "predictions",
    labels: ["site", "model", "version", "outcome"],
    help: "Predictions by model, version and outcome: predicted, or the reason for the fallback.",
  },
  tidemark_prediction_latency_seconds: {
    type: "histogram",
    unit: "seconds",
    labels: ["site", "model", "version"],
    bounds: [0, ...WAITS],
    help: "Durations of predictions. Those of embedded models count as 0, because the platform's clock stands still meanwhile.",
  },
  tidemark_prediction_value: {
    type: "histogram",
    unit: "value",
    labels: ["site", "model", "version"],
    help: "Values of models' own predictions. Its change over time is the drift of predictions.",
    bounds: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 10, 100, 1_000, 10_000],
  },
  tidemark_reactions_total: {
    type: "counter",
    unit: "reactions",
    labels: ["site", "reaction", "arm", "step"],
    help: "Steps of reactions by reaction, arm and step: fired, received, unknown or expired.",
  },
  tidemark_goals_total: {
    type: "counter",
    unit: "goals",
    labels: ["site", "goal"],
    help: "Goals of the configuration that visitors' sessions have reached, each once a session.",
  },
  tidemark_calibration_sessions_total: {
    type: "counter",
    unit: "sessions",
    labels: ["site", "model", "version", "goal"],
    help: "Sessions in which a model that runs on change has predicted a value from 0 to 1, from 30 seconds after their begin on, before the goal was reached.",
  },
  tidemark_calibration_expected_total: {
    type: "counter",
    unit: "value",
    labels: ["site", "model", "version", "goal"],
    help: "Sum of the first predictions of these sessions: the number of goals that a calibrated model expects.",
  },
  tidemark_calibration_observed_total: {
    type: "counter",
    unit: "goals",
    labels: ["site", "model", "version", "goal"],
    help: "Those of these sessions that have reached the goal later.",
  },
  tidemark_lift_sessions_total: {
    type: "counter",
    unit: "sessions",
    labels: ["site", "reaction", "arm", "goal"],
    help: "Sessions in which a reaction has fired before the goal was reached, by arm: treatment or holdout.",
  },
  tidemark_lift_goals_total: {
    type: "counter",
    unit: "goals",
    labels: ["site", "reaction", "arm", "goal"],
    help: "Those of these sessions that have reached the goal later.",
  },
  tidemark_webhook_messages_total: {
    type: "counter",
    unit: "messages",
    labels: ["site", "outcome"],
    help: "Messages to webhooks by outcome: delivered, refused, expired or dropped. Each attempt that is repeated counts as retried.",
  },
  tidemark_sink_records_total: {
    type: "counter",
    unit: "records",
    labels: ["site", "sink", "outcome"],
    help: "Records that sinks have passed, by outcome: delivered or refused.",
  },
  tidemark_sink_records_uncertain_total: {
    type: "counter",
    unit: "records",
    labels: ["site", "sink"],
    help: "Delivered records that the target of a sink may have stored twice.",
  },
  tidemark_sink_attempts_total: {
    type: "counter",
    unit: "attempts",
    labels: ["site", "sink", "outcome"],
    help: "Attempts of sinks by outcome: complete, partial if some records are sent again, or failed if all are.",
  },
  tidemark_sink_lag_records: {
    type: "gauge",
    unit: "records",
    labels: ["site", "sink"],
    help: "Records that a sink has neither delivered nor passed, over all partitions.",
  },
  tidemark_sink_lag_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site", "sink"],
    help: "Age of the oldest record that a sink has neither delivered nor passed.",
  },
  tidemark_sink_paused: {
    type: "gauge",
    unit: "partitions",
    labels: ["site", "sink"],
    help: "Partitions in which a sink is paused.",
  },
  tidemark_canary_age_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site", "step"],
    help: "Age of the latest session of the canary that has reached a step: vector, log or sink. Absent without a canary.",
  },
  tidemark_feast_export_age_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site"],
    help: "Time since the latest export for Feast. Absent before the first one that the collector knows of.",
  },
  tidemark_feast_export_max_age_seconds: {
    type: "gauge",
    unit: "seconds",
    labels: ["site"],
    help: "Age up to which the latest export for Feast stated that it is fresh: by default the shortest ttl of its feature views.",
  },
  tidemark_spans_total: {
    type: "counter",
    unit: "spans",
    labels: ["outcome"],
    help: "Spans of traced batches by outcome: pushed, refused by the receiver, or dropped because too many waited for it.",
  },
  tidemark_series_other_total: {
    type: "counter",
    unit: "value",
    labels: ["site"],
    help: "Values counted under labels other, because the site has the most series.",
  },
} as const satisfies Record<string, FamilyType>;

/** The name of a metric family. */
export type Family = keyof typeof families;

/** The name of a family of histograms. */
export type HistogramFamily = { [F in Family]: (typeof families)[F] extends { bounds: unknown } ? F : never }[Family];

/** The name of a label of any family. */
export type Label = (typeof families)[Family]["labels"][number];

/** The values of all labels of a family. */
export type LabelsOf<F extends Family> = Record<(typeof families)[F]["labels"][number], string | number>;

/** Whether a text is the name of a family. */
export const isFamily = (name: string): name is Family => Object.hasOwn(families, name);

/** Whether a family's values are counted by bucket. */
export const isHistogram = (family: Family): family is HistogramFamily => "bounds" in families[family];

/** Values by series, as `sampleKey` writes their keys. */
export type Samples = Record<string, number>;

/** Ends of the keys of a histogram's samples. */
export type HistogramEnd = "bucket" | "sum" | "count";

const UNSAFE = /[\\"\n]/;

/** A label value in the exposition formats: backslash, quotation mark and line feed have a backslash before them. */
const escapeLabel = (value: string | number): string => {
  const text = String(value);
  if (!UNSAFE.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
};

/**
 * The key of a sample: its family and its labels, as the exposition formats write them: `name{label="value",…}`. The labels
 * are in the order of the table, whatever the order of the argument.
 */
export const sampleKey = (family: Family, values: Partial<Record<Label, string | number>>): string => {
  let pairs = "";
  for (const name of families[family].labels) {
    const value = values[name];
    if (value !== undefined) pairs += `${pairs && ","}${name}="${escapeLabel(value)}"`;
  }
  return `${family}{${pairs}}`;
};

/** The key of a sample of a histogram. @param key The key of its series. @param le Upper bound of a bucket. */
export const histogramKey = (key: string, end: HistogramEnd, le?: number | "+Inf"): string => {
  const brace = key.indexOf("{");
  const pairs = key.slice(brace + 1, -1);
  return `${key.slice(0, brace)}_${end}{${pairs}${le === undefined ? "" : `${pairs && ","}le="${le}"`}}`;
};

/** The samples of one value of a histogram. A bucket of samples has the values between the bound before and its own. */
export const histogramSamples = (
  family: HistogramFamily,
  values: Partial<Record<Label, string | number>>,
  value: number,
): Samples => {
  const key = sampleKey(family, values);
  const bounds: readonly number[] = families[family].bounds;
  return {
    [histogramKey(key, "bucket", bounds.find((bound) => value <= bound) ?? "+Inf")]: 1,
    [histogramKey(key, "sum")]: value,
    [histogramKey(key, "count")]: 1,
  };
};

/** Adds samples to the first argument. */
export const addSamples = (sum: Samples, more: Samples): void => {
  for (const [key, value] of Object.entries(more)) sum[key] = (sum[key] ?? 0) + value;
};
