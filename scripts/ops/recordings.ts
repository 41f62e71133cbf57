/** A series that Prometheus computes from others at an interval. */
export interface Recording {
  /** Name by the convention of Prometheus: labels, metric, operations. */
  name: string;
  labels: readonly string[];
  expression: string;
}

const BUCKET = "site_model_version_le:tidemark_prediction_value_bucket:increase1h";
const COUNT = "site_model_version:tidemark_prediction_value_count:increase1h";

/**
 * The recorded series. The drift of a model's predictions is the Kolmogorov-Smirnov distance between the values of an
 * hour and those of seven days. It is 0 if both have the same distribution, and 1 if they have no value in common. Without
 * a record, each drawing of a graph would read a week of all buckets.
 */
export const recordings: readonly Recording[] = [
  {
    name: BUCKET,
    labels: ["site", "model", "version", "le"],
    expression: "sum by (site, model, version, le) (increase(tidemark_prediction_value_bucket[1h]))",
  },
  {
    name: COUNT,
    labels: ["site", "model", "version"],
    expression: "sum by (site, model, version) (increase(tidemark_prediction_value_count[1h]))",
  },
  {
    name: "site_model_version:tidemark_prediction_value:drift1h_7d",
    labels: ["site", "model", "version"],
    expression: `max by (site, model, version) (
  abs(
      ${BUCKET} / ignoring (le) group_left () (${COUNT} > 0)
    -
      sum_over_time(${BUCKET}[7d]) / ignoring (le) group_left () (sum_over_time(${COUNT}[7d]) > 0)
  )
)`,
  },
];
