import { quantile, rate, share } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

const BY_VERSION = ["site", "model", "version"] as const;

const legend = "{{site}} {{model}} {{version}}";

/** Volume, fallbacks, latency and values of predictions. */
export const models: DashboardSource = {
  name: "models",
  title: "models",
  description: "Predictions by model and version: volume, fallbacks, latency, and the distribution of values.",
  rows: [
    {
      title: "Predictions",
      panels: [
        {
          ...{ title: "Predictions", unit: "short" },
          description: "Predictions a second, by model and version.",
          lines: [{ of: rate("tidemark_predictions_total", { by: BY_VERSION }), legend }],
        },
        {
          ...{ title: "Share of fallbacks", unit: "percentunit", range: [0, 1] },
          description: "Predictions that the model did not make. See TidemarkPredictionFallback in the runbooks.",
          lines: [
            {
              of: share(
                rate("tidemark_predictions_total", { by: BY_VERSION, where: { outcome: { not: "predicted" } } }),
                rate("tidemark_predictions_total", { by: BY_VERSION }),
              ),
              legend,
            },
          ],
        },
        {
          ...{ title: "Fallbacks by reason", unit: "short" },
          description: "Fallbacks a second. docs/models.md lists the reasons.",
          lines: [
            {
              of: rate("tidemark_predictions_total", {
                by: ["site", "model", "outcome"],
                where: { outcome: { not: "predicted" } },
              }),
              legend: "{{site}} {{model}} {{outcome}}",
            },
          ],
        },
        {
          ...{ title: "Servers of models", unit: "s" },
          description: "Waits for servers of models, median and 99th percentile.",
          lines: [
            {
              of: quantile(0.5, "tidemark_wait_seconds", { by: ["outcome"], where: { on: "model" } }),
              legend: "median, {{outcome}}",
            },
            {
              of: quantile(0.99, "tidemark_wait_seconds", { by: ["outcome"], where: { on: "model" } }),
              legend: "99th percentile, {{outcome}}",
            },
          ],
        },
      ],
    },
    {
      title: "Latency",
      panels: [
        {
          ...{ title: "Duration, 99th percentile", unit: "s" },
          description: "Durations of predictions. Those of embedded models count as 0.",
          lines: [{ of: quantile(0.99, "tidemark_prediction_latency_seconds", { by: BY_VERSION }), legend }],
        },
        {
          ...{ title: "Duration, median", unit: "s" },
          description: "Durations of predictions. Those of embedded models count as 0.",
          lines: [{ of: quantile(0.5, "tidemark_prediction_latency_seconds", { by: BY_VERSION }), legend }],
        },
      ],
    },
    {
      title: "Values",
      panels: [
        {
          ...{ title: "Values of predictions", unit: "none", type: "heatmap" },
          description: "Predictions a second by value, over all chosen models.",
          lines: [{ of: "sum by (le) (rate(tidemark_prediction_value_bucket[5m]))", legend: "{{le}}" }],
        },
        {
          ...{ title: "Mean of predictions", unit: "none" },
          description: "Compare versions of one model: a new version shows its difference here first.",
          lines: [
            {
              of: "sum by (site, model, version) (rate(tidemark_prediction_value_sum[1h])) / sum by (site, model, version) (rate(tidemark_prediction_value_count[1h]))",
              legend,
            },
          ],
        },
      ],
    },
  ],
};
