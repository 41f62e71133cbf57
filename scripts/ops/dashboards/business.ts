import { greatest, increase, quantile, rate, share, weekBefore } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

const HOUR_S = 3_600;

const BY_REACTION = ["site", "reaction"] as const;

/** Events, scores and reactions, next to the lag and loss that would distort them. */
export const business: DashboardSource = {
  name: "business",
  title: "business",
  description:
    "Events, scores and reactions, next to the lag and loss that would distort them. Goals, calibration and lift need the outcomes in the log: tidemark models evaluate, tidemark reactions report.",
  rows: [
    {
      title: "Visitors and scores",
      panels: [
        {
          ...{ title: "Events, and a week before", unit: "short" },
          description: "Accepted events a second. A drop without a drop of visitors is a fault of the pages.",
          lines: [
            { of: rate("tidemark_events_accepted_total", { by: ["site"] }, HOUR_S), legend: "{{site}}" },
            {
              of: weekBefore(rate("tidemark_events_accepted_total", { by: ["site"] }, HOUR_S)),
              legend: "{{site}}, a week before",
            },
          ],
        },
        {
          ...{ title: "Mean score", unit: "none" },
          description:
            "Mean of the models' predictions of an hour. A calibrated score equals the rate of its goal: compare with tidemark models evaluate.",
          lines: [
            {
              of: "sum by (site, model) (rate(tidemark_prediction_value_sum[1h])) / sum by (site, model) (rate(tidemark_prediction_value_count[1h]))",
              legend: "{{site}} {{model}}",
            },
          ],
        },
        {
          ...{ title: "High and low scores", unit: "none" },
          description: "The 10th and 90th percentile of the models' predictions of an hour.",
          lines: [
            {
              of: quantile(0.1, "tidemark_prediction_value", { by: ["site", "model"] }, HOUR_S),
              legend: "{{site}} {{model}} 10th",
            },
            {
              of: quantile(0.9, "tidemark_prediction_value", { by: ["site", "model"] }, HOUR_S),
              legend: "{{site}} {{model}} 90th",
            },
          ],
        },
      ],
    },
    {
      title: "Reactions, and what distorts them",
      panels: [
        {
          ...{ title: "Reactions that arrived, with lag and loss", unit: "percentunit", width: "whole" },
          description:
            "Reactions received by pages as a share of those fired, in an hour. On the right: the lag of entities, and the change of missing events. A reaction that comes late has no effect.",
          lines: [
            {
              of: share(
                increase("tidemark_reactions_total", HOUR_S, { by: BY_REACTION, where: { step: "received" } }),
                increase("tidemark_reactions_total", HOUR_S, {
                  ...{ by: BY_REACTION, where: { step: "fired", arm: "treatment" } },
                }),
              ),
              legend: "{{site}} {{reaction}} received",
            },
            {
              of: greatest("tidemark_watermark_lag_seconds", { by: ["site"] }),
              ...{ legend: "{{site}} lag", right: "s" },
            },
            {
              of: "sum by (site) (delta(tidemark_events_missing[1h]))",
              ...{ legend: "{{site}} missing events", right: "short" },
            },
          ],
        },
        {
          ...{ title: "Reactions by arm", unit: "short", width: "third" },
          description: "Reactions that fired in an hour. The ratio of the arms must be that of the configuration.",
          lines: [
            {
              of: increase("tidemark_reactions_total", HOUR_S, {
                ...{ by: ["site", "reaction", "arm"], where: { step: "fired" } },
              }),
              legend: "{{site}} {{reaction}} {{arm}}",
            },
          ],
        },
        {
          ...{ title: "Reactions by step", unit: "short", width: "third" },
          description: "Steps in an hour. A reaction of which nothing is known has expired, or its page has left.",
          lines: [
            {
              of: increase("tidemark_reactions_total", HOUR_S, { by: ["site", "reaction", "step"] }),
              legend: "{{site}} {{reaction}} {{step}}",
            },
          ],
        },
        {
          ...{ title: "Lag of sinks", unit: "s", width: "third" },
          description: "Other systems act on records that are this old.",
          lines: [{ of: greatest("tidemark_sink_lag_seconds", { by: ["site", "sink"] }), legend: "{{site}} {{sink}}" }],
        },
      ],
    },
  ],
};
