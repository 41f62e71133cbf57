import { greatest, increase, latest, quantile, rate, share, subtract, weekBefore } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

const HOUR_S = 3_600;

/** Time over which arms are compared: an hour has few goals in a holdout. */
const DAY_S = 86_400;

const BY_REACTION = ["site", "reaction"] as const;
const BY_MODEL = ["site", "model", "version", "goal"] as const;

/** Share of the sessions of a model that reach a goal, or that its predictions expect to. */
const calibration = (kind: "expected" | "observed") =>
  share(
    increase(`tidemark_calibration_${kind}_total`, DAY_S, { by: BY_MODEL }),
    increase("tidemark_calibration_sessions_total", DAY_S, { by: BY_MODEL }),
  );

/** Share of the sessions of an arm that reach a goal. */
const goalRateIn = (arm: "treatment" | "holdout") => {
  const choice = { by: ["site", "reaction", "goal"], where: { arm } } as const;
  return share(
    increase("tidemark_lift_goals_total", DAY_S, choice),
    increase("tidemark_lift_sessions_total", DAY_S, choice),
  );
};

/** Goals, scores and reactions, above the lag and loss that would distort them. */
export const business: DashboardSource = {
  name: "business",
  title: "business",
  description:
    "Goals, scores and reactions, above the lag and loss that would distort them. These are counts: tidemark models evaluate and tidemark reactions report have intervals and tests, from the log.",
  rows: [
    {
      title: "Goals, scores and reactions above lag and loss",
      panels: [
        {
          ...{ title: "Goal rate", unit: "percentunit", width: "whole" },
          description:
            "Goals as a share of the sessions that have begun, in an hour. A step that lag or loss below has too is none of the visitors'.",
          lines: [
            {
              of: "sum by (site, goal) (increase(tidemark_goals_total[1h])) / on (site) group_left () sum by (site) (increase(tidemark_sessions_total[1h]))",
              legend: "{{site}} {{goal}}",
            },
          ],
        },
        {
          ...{ title: "Score calibration", unit: "percentunit", width: "whole" },
          description:
            "Mean of the first predictions of sessions in a day, and the share of these sessions that reach each goal later. A calibrated score of a goal is the same as its share: compare a model with the goal that it was trained for.",
          lines: [
            { of: calibration("expected"), legend: "{{site}} {{model}} {{version}} {{goal}} predicted" },
            { of: calibration("observed"), legend: "{{site}} {{model}} {{version}} {{goal}} reached" },
          ],
        },
        {
          ...{ title: "Reaction lift", unit: "percentunit", width: "whole" },
          description:
            "Share of the sessions that reach a goal after a reaction has fired, minus that of its holdout, in a day. Decide with tidemark reactions report, which has an interval.",
          lines: [
            {
              of: subtract(goalRateIn("treatment"), goalRateIn("holdout")),
              legend: "{{site}} {{reaction}} {{goal}}",
            },
          ],
        },
        {
          ...{ title: "Lag", unit: "s", width: "whole" },
          description:
            "Age of the oldest push that users and pages lack, of the oldest record of a partition that no file has, and of the oldest record that a sink lacks. A reaction that comes late has no effect.",
          lines: [
            {
              of: greatest("tidemark_watermark_lag_seconds", { by: ["site"] }),
              legend: "{{site}} watermark",
            },
            { of: greatest("tidemark_log_age_seconds", { by: ["site"] }), legend: "{{site}} partitions" },
            {
              of: greatest("tidemark_sink_lag_seconds", { by: ["site", "sink"] }),
              legend: "{{site}} sink {{sink}}",
            },
          ],
        },
        {
          ...{ title: "Loss", unit: "short", width: "whole" },
          description:
            "Events of an hour that are missing, that pages have dropped, and that were rejected. Goals among them are in no panel above.",
          lines: [
            { of: "sum by (site) (delta(tidemark_events_missing[1h]))", legend: "{{site}} missing" },
            { of: increase("tidemark_events_dropped_total", HOUR_S, { by: ["site"] }), legend: "{{site}} dropped" },
            { of: increase("tidemark_events_rejected_total", HOUR_S, { by: ["site"] }), legend: "{{site}} rejected" },
          ],
        },
      ],
    },
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
          ...{ title: "Sessions", unit: "short" },
          description: "Sessions that are open now, and those that have begun in an hour.",
          lines: [
            { of: latest("tidemark_open_sessions", { by: ["site"] }), legend: "{{site}} open" },
            { of: increase("tidemark_sessions_total", HOUR_S, { by: ["site"] }), legend: "{{site}} begun" },
          ],
        },
        {
          ...{ title: "Mean score", unit: "none" },
          description: "Mean of all predictions of the models in an hour, not only of the first one of each session.",
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
      title: "Reactions",
      panels: [
        {
          ...{ title: "Goal rate by arm", unit: "percentunit" },
          description:
            "The two shares of which the lift is the difference: sessions that reach a goal after the firing.",
          lines: [
            { of: goalRateIn("treatment"), legend: "{{site}} {{reaction}} {{goal}} treatment" },
            { of: goalRateIn("holdout"), legend: "{{site}} {{reaction}} {{goal}} holdout" },
          ],
        },
        {
          ...{ title: "Reactions that arrived", unit: "percentunit" },
          description:
            "Reactions received by pages as a share of those fired, in an hour. A reaction of which nothing is known has expired, or its page has left.",
          lines: [
            {
              of: share(
                increase("tidemark_reactions_total", HOUR_S, { by: BY_REACTION, where: { step: "received" } }),
                increase("tidemark_reactions_total", HOUR_S, {
                  ...{ by: BY_REACTION, where: { step: "fired", arm: "treatment" } },
                }),
              ),
              legend: "{{site}} {{reaction}}",
            },
          ],
        },
        {
          ...{ title: "Reactions by arm", unit: "short" },
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
          ...{ title: "Reactions by step", unit: "short" },
          description: "Steps of reactions in an hour.",
          lines: [
            {
              of: increase("tidemark_reactions_total", HOUR_S, { by: ["site", "reaction", "step"] }),
              legend: "{{site}} {{reaction}} {{step}}",
            },
          ],
        },
      ],
    },
  ],
};
