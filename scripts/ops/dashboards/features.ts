import { greatest, quantile, rate, weekBefore } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

/** The events that features lack, and changes of predictions. */
export const features: DashboardSource = {
  name: "features",
  title: "features and drift",
  description: "The lag of features, the events that they lack, and changes of the distribution of predictions.",
  rows: [
    {
      title: "Freshness of features",
      panels: [
        {
          ...{ title: "Lag of users, pages and custom entities", unit: "s" },
          description: "Age of the oldest push that no entity has yet. It grows only when something is stuck.",
          lines: [{ of: greatest("tidemark_watermark_lag_seconds", { by: ["site"] }), legend: "{{site}}" }],
        },
        {
          ...{ title: "Ages of served vectors", unit: "s" },
          description:
            "Median and 95th percentile of the time since the latest event of a vector, when it was read. Old values and no lag mean that the visitors themselves were away.",
          lines: [
            {
              of: quantile(0.5, "tidemark_feature_age_seconds", { by: ["site", "entity", "set"] }),
              legend: "{{site}} {{entity}} {{set}} median",
            },
            {
              of: quantile(0.95, "tidemark_feature_age_seconds", { by: ["site", "entity", "set"] }),
              legend: "{{site}} {{entity}} {{set}} 95th",
            },
          ],
        },
        {
          ...{ title: "Reads of entities and pushes to them", unit: "s" },
          description: "99th percentile of the waits for objects of entities.",
          lines: [
            {
              of: quantile(0.99, "tidemark_wait_seconds", { by: ["on"], where: { on: ["entity_read", "push"] } }),
              legend: "{{on}}",
            },
          ],
        },
        {
          ...{ title: "Age of the export for Feast", unit: "s" },
          description: "Time since the latest export for Feast, and the age up to which it stated that it is fresh.",
          lines: [
            { of: greatest("tidemark_feast_export_age_seconds", { by: ["site"] }), legend: "{{site}}" },
            { of: greatest("tidemark_feast_export_max_age_seconds", { by: ["site"] }), legend: "{{site}} limit" },
          ],
        },
        {
          ...{ title: "Incomplete entities", unit: "short" },
          description:
            "A second: events that count for no entity because their session has the most ids of it, and writes of rows that failed.",
          lines: [
            {
              of: rate("tidemark_events_not_fed_total", { by: ["site", "entity"] }),
              legend: "{{site}} {{entity}} not fed",
            },
            {
              of: rate("tidemark_rows_set_aside_total", { by: ["site", "entity"] }),
              legend: "{{site}} {{entity}} set aside",
            },
          ],
        },
      ],
    },
    {
      title: "Drift of predictions",
      panels: [
        {
          ...{ title: "Distance to the week before", unit: "none", range: [0, 1], width: "whole" },
          description:
            "Kolmogorov-Smirnov distance between the predictions of an hour and those of 7 days, over the buckets of the metric. 0: the same distribution. 1: no value in common. Recorded by ops/prometheus/recording.yml.",
          lines: [
            {
              of: "max by (site, model, version) (site_model_version:tidemark_prediction_value:drift1h_7d)",
              legend: "{{site}} {{model}} {{version}}",
            },
          ],
        },
        {
          ...{ title: "Median of predictions, and a week before", unit: "none" },
          description: "The median of the latest hour, and of the same hour a week before.",
          lines: [
            {
              of: quantile(0.5, "tidemark_prediction_value", { by: ["site", "model", "version"] }, 3_600),
              legend: "{{site}} {{model}} {{version}}",
            },
            {
              of: weekBefore(quantile(0.5, "tidemark_prediction_value", { by: ["site", "model", "version"] }, 3_600)),
              legend: "{{site}} {{model}} {{version}}, a week before",
            },
          ],
        },
        {
          ...{ title: "Events that features are made of, and a week before", unit: "short" },
          description: "Accepted events a second. Features change when the traffic does.",
          lines: [
            { of: rate("tidemark_events_accepted_total", { by: ["site"] }), legend: "{{site}}" },
            {
              of: weekBefore(rate("tidemark_events_accepted_total", { by: ["site"] })),
              legend: "{{site}}, a week before",
            },
          ],
        },
      ],
    },
  ],
};
