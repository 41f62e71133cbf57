/**
 * The metric families by name, for Prometheus and for the docs. Counters end in `_total` and only grow; gauges go up
 * and down.
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
} as const;

/** The name of a metric family. */
export type Family = keyof typeof families;

/**
 * Values by series: `name{label="value",…}`. The names and values of labels come from the configuration and the code,
 * which limits their number.
 */
export type Samples = Record<string, number>;

/** The key of a sample: its family and labels. */
export const sampleKey = (family: Family, labels: Record<string, string | number>): string => {
  let pairs = "";
  for (const name in labels) pairs += `${pairs && ","}${name}="${labels[name]}"`;
  return `${family}{${pairs}}`;
};

/** Adds samples to the first argument. */
export const addSamples = (sum: Samples, more: Samples): void => {
  for (const [key, value] of Object.entries(more)) sum[key] = (sum[key] ?? 0) + value;
};
