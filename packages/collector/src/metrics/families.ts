/** What is measured, by name: for Prometheus, and for the docs. Counters end in `_total` and only grow; gauges go up and down. */
export const families = {
  tidemark_events_accepted_total: { type: "counter", help: "Events stored." },
  tidemark_events_duplicate_total: { type: "counter", help: "Copies of stored events that arrived again." },
  tidemark_events_rejected_total: {
    type: "counter",
    help: "Events refused by a verdict, or with their batch for want of consent, each time that they came.",
  },
  tidemark_events_dropped_total: {
    type: "counter",
    help: "Events that clients gave up, each once, by the reason they gave.",
  },
  tidemark_events_missing: {
    type: "gauge",
    help: "Numbers below a tab's highest that never arrived and that nobody explained: on their way, or lost.",
  },
  tidemark_requests_total: {
    type: "counter",
    help: "Requests answered; the route is none for a path that there is not.",
  },
} as const;

/** The name of something measured. */
export type Family = keyof typeof families;

/** What was measured: figures by `name{label="value",…}`. Names and values of labels come from the configuration and the code, so there are few. */
export type Samples = Record<string, number>;

/** The key of a figure. */
export const sampleKey = (family: Family, labels: Record<string, string | number>): string => {
  let pairs = "";
  for (const name in labels) pairs += `${pairs && ","}${name}="${labels[name]}"`;
  return `${family}{${pairs}}`;
};

/** Adds figures up, into the first. */
export const addSamples = (sum: Samples, more: Samples): void => {
  for (const [key, figure] of Object.entries(more)) sum[key] = (sum[key] ?? 0) + figure;
};
