import { increase, latest, rate, share } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

const HOUR_S = 3_600;

/** Rejected, duplicate, late, dropped and missing events. */
export const dataQuality: DashboardSource = {
  name: "data-quality",
  title: "data quality",
  description: "Events that were rejected, late, dropped or missing, by cause and by release of the SDK.",
  rows: [
    {
      title: "Rejected",
      panels: [
        {
          ...{ title: "Share of rejected events", unit: "percentunit" },
          description: "Rejected events as a share of those received. See TidemarkRejectRate in the runbooks.",
          lines: [
            {
              of: share(
                rate("tidemark_events_rejected_total", { by: ["site"] }),
                rate("tidemark_events_received_total", { by: ["site"] }),
              ),
              legend: "{{site}}",
            },
          ],
        },
        {
          ...{ title: "Rejected events by release of the SDK", unit: "short" },
          description: "Events a second. One release alone points to a fault in it.",
          lines: [
            { of: rate("tidemark_events_rejected_total", { by: ["site", "release"] }), legend: "{{site}} {{release}}" },
          ],
        },
        {
          ...{ title: "Rejected events by code", unit: "short" },
          description: "Events a second. docs/http.md lists the codes.",
          lines: [
            { of: rate("tidemark_events_rejected_total", { by: ["site", "code"] }), legend: "{{site}} {{code}}" },
          ],
        },
        {
          ...{ title: "Rejected events by field", unit: "short" },
          description: "Events a second by the field that was wrong.",
          lines: [
            { of: rate("tidemark_events_rejected_total", { by: ["site", "field"] }), legend: "{{site}} {{field}}" },
          ],
        },
      ],
    },
    {
      title: "Missing, late and duplicate",
      panels: [
        {
          ...{ title: "Missing events", unit: "short" },
          description:
            "Sequence numbers that were neither received, rejected nor dropped: in transit or lost. An error of the metrics can shift the whole curve: read its changes.",
          lines: [{ of: latest("tidemark_events_missing", { by: ["site"] }), legend: "{{site}}" }],
        },
        {
          ...{ title: "Change of missing events in an hour", unit: "short" },
          description: "Growth means that events are lost on their way. See TidemarkEventsMissing in the runbooks.",
          lines: [{ of: "sum by (site) (delta(tidemark_events_missing[1h]))", legend: "{{site}}" }],
        },
        {
          ...{ title: "Late events by cause", unit: "short" },
          description:
            "Events a second that were accepted after their time: the page was offline, closed, or its clock is wrong.",
          lines: [{ of: rate("tidemark_events_late_total", { by: ["site", "cause"] }), legend: "{{site}} {{cause}}" }],
        },
        {
          ...{ title: "Share of duplicate events", unit: "percentunit" },
          description:
            "Events received again, as a share of those received. Pages repeat batches whose response they did not get.",
          lines: [
            {
              of: share(
                rate("tidemark_events_duplicate_total", { by: ["site"] }),
                rate("tidemark_events_received_total", { by: ["site"] }),
              ),
              legend: "{{site}}",
            },
          ],
        },
      ],
    },
    {
      title: "Dropped and left out",
      panels: [
        {
          ...{ title: "Events dropped by pages", unit: "short" },
          description: "Events in an hour, by reason.",
          lines: [
            {
              of: increase("tidemark_events_dropped_total", HOUR_S, { by: ["site", "reason"] }),
              legend: "{{site}} {{reason}}",
            },
          ],
        },
        {
          ...{ title: "Records and rows set aside", unit: "short" },
          description:
            "In an hour: records that no file of the log can hold, and rows of entities that could not be written. See TidemarkSetAside in the runbooks.",
          lines: [
            {
              of: increase("tidemark_log_records_set_aside_total", HOUR_S, { by: ["site"] }),
              legend: "{{site}} log records",
            },
            {
              of: increase("tidemark_rows_set_aside_total", HOUR_S, { by: ["site", "entity"] }),
              legend: "{{site}} {{entity}} rows",
            },
          ],
        },
      ],
    },
    {
      title: "Releases and limits",
      panels: [
        {
          ...{ title: "Events by release of the SDK", unit: "short" },
          description: "Events a second. A release of pages shows here first.",
          lines: [
            { of: rate("tidemark_sdk_events_total", { by: ["site", "release"] }), legend: "{{site}} {{release}}" },
          ],
        },
        {
          ...{ title: "Daily caps and series", unit: "short" },
          description:
            'In an hour: days on which a site reached a share of a cap, and values counted as "other" because the site has the most series.',
          lines: [
            {
              of: increase("tidemark_daily_cap_reached_total", HOUR_S, { by: ["site", "cap", "percent"] }),
              legend: "{{site}} {{cap}} {{percent}}%",
            },
            { of: increase("tidemark_series_other_total", HOUR_S, { by: ["site"] }), legend: "{{site}} other" },
          ],
        },
      ],
    },
  ],
};
