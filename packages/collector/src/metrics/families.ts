/** A metric family. */
interface FamilyType {
  type: "counter" | "gauge" | "histogram";
  help: string;
  /** Upper bounds of the buckets of a histogram, in ascending order. The last bucket has none. */
  bounds?: readonly number[];
}

/**
 * The metric families by name, for Prometheus and for the docs. Counters end in `_total` and only grow; gauges go up
 * and down; histograms count values by bucket.
 */
export const families = {
  tidemark_events_accepted_total: { type: "counter", help: "Events stored." },
  tidemark_events_duplicate_total: { type: "counter", help: "Events received again after they were stored." },
  tidemark_events_rejected_total: {
    type: "counter",
    help: "Events rejected, singly or with a batch that lacks consent. An event that is sent again counts again.",
  },
  tidemark_events_dropped_total: {
    type: "counter",
    help: "Events dropped by clients, by reason. An event counts once.",
  },
  tidemark_events_not_fed_total: {
    type: "counter",
    help: "Events that count for their session, but for no user, page or custom entity: their session has the most ids of it.",
  },
  tidemark_events_missing: {
    type: "gauge",
    help: "Sequence numbers below a tab's highest that were neither received, rejected nor dropped: in transit or lost.",
  },
  tidemark_rows_set_aside_total: {
    type: "counter",
    help: "Writes of a user's, page's or custom entity's row that failed, for its size for example. The row keeps its earlier values.",
  },
  tidemark_log_records_set_aside_total: {
    type: "counter",
    help: "Records that the log leaves out, because no file can hold them.",
  },
  tidemark_daily_cap_reached_total: {
    type: "counter",
    help: "Days on which a site reached a percentage of a daily cap: 80 or 100.",
  },
  tidemark_requests_total: {
    type: "counter",
    help: 'Requests answered. Unmatched paths have route="none".',
  },
  tidemark_predictions_total: {
    type: "counter",
    help: "Predictions by model, version and outcome: predicted, or the reason for the fallback.",
  },
  tidemark_prediction_latency_ms: {
    type: "histogram",
    help: "Milliseconds of predictions. Those of embedded models count as 0, because the platform's clock stands still meanwhile.",
    bounds: [0, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000],
  },
  tidemark_prediction_value: {
    type: "histogram",
    help: "Values of models' own predictions. Its change over time is the drift of predictions.",
    bounds: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 10, 100, 1_000, 10_000],
  },
  tidemark_reactions_total: {
    type: "counter",
    help: "Steps of reactions by reaction, arm and step: fired, received, unknown or expired.",
  },
  tidemark_webhook_messages_total: {
    type: "counter",
    help: "Messages to webhooks by outcome: delivered, refused, expired or dropped. Each attempt that is repeated counts as retried.",
  },
  tidemark_sink_records_total: {
    type: "counter",
    help: "Records that sinks have passed, by outcome: delivered or refused.",
  },
  tidemark_sink_records_uncertain_total: {
    type: "counter",
    help: "Delivered records that the target of a sink may have stored twice.",
  },
  tidemark_sink_attempts_total: {
    type: "counter",
    help: "Attempts of sinks by outcome: complete, partial if some records are sent again, or failed if all are.",
  },
  tidemark_sink_lag_records: {
    type: "gauge",
    help: "Records that a sink has neither delivered nor passed, over all partitions.",
  },
  tidemark_sink_lag_seconds: {
    type: "gauge",
    help: "Age of the oldest record that a sink has neither delivered nor passed.",
  },
  tidemark_sink_paused: {
    type: "gauge",
    help: "Partitions in which a sink is paused.",
  },
} as const satisfies Record<string, FamilyType>;

/** The name of a metric family. */
export type Family = keyof typeof families;

/** The name of a family of histograms. */
export type HistogramFamily = { [F in Family]: (typeof families)[F] extends { bounds: unknown } ? F : never }[Family];

/**
 * Values by series: `name{label="value",…}`. The names and values of labels come from the configuration and the code,
 * which limits their number.
 */
export type Samples = Record<string, number>;

/** The key of a sample: its family and labels. That of a histogram ends in `_bucket`, `_sum` or `_count`. */
export const sampleKey = (
  family: Family | `${HistogramFamily}_${"bucket" | "sum" | "count"}`,
  labels: Record<string, string | number>,
): string => {
  let pairs = "";
  for (const name in labels) pairs += `${pairs && ","}${name}="${labels[name]}"`;
  return `${family}{${pairs}}`;
};

/**
 * The samples that a value adds to a histogram. In samples, a bucket has the values between the bound before and its own.
 */
export const histogramSamples = (
  family: HistogramFamily,
  labels: Record<string, string | number>,
  value: number,
): Samples => ({
  [sampleKey(`${family}_bucket`, {
    ...labels,
    le: families[family].bounds.find((bound) => value <= bound) ?? "+Inf",
  })]: 1,
  [sampleKey(`${family}_sum`, labels)]: value,
  [sampleKey(`${family}_count`, labels)]: 1,
});

/** Adds samples to the first argument. */
export const addSamples = (sum: Samples, more: Samples): void => {
  for (const [key, value] of Object.entries(more)) sum[key] = (sum[key] ?? 0) + value;
};
