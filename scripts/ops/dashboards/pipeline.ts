import { greatest, latest, number, quantile, rate, share, subtract } from "../queries.ts";
import type { DashboardSource } from "./dashboard.ts";

/** Statuses of requests that the collector could not serve. */
const FAILED = ["500", "502", "503", "504"];

/** From the request to the features, the log and the sinks. */
export const pipeline: DashboardSource = {
  name: "pipeline",
  title: "pipeline",
  description: "The way of events from the request to the features, the log and the sinks: volume, freshness, waits.",
  rows: [
    {
      title: "State",
      panels: [
        {
          ...{ title: "Requests that failed", type: "stat", width: "third", unit: "percentunit" },
          description: "Share of requests with a status of 500 or more.",
          lines: [
            {
              // From those that did not fail: without a failure the share is 0, and not absent.
              of: subtract(
                number(1),
                share(
                  rate("tidemark_requests_total", { where: { status: { not: FAILED } } }),
                  rate("tidemark_requests_total"),
                ),
              ),
              legend: "failed",
            },
          ],
        },
        {
          ...{ title: "Release", type: "stat", width: "third", unit: "none" },
          description: "The release of the collector and the version of its contract.",
          lines: [
            {
              of: latest("tidemark_build_info", { by: ["version", "contract"] }),
              legend: "{{version}}, contract {{contract}}",
            },
          ],
        },
      ],
    },
    {
      title: "Ingest",
      panels: [
        {
          ...{ title: "Events", unit: "short" },
          description: "Events a second by site: those received, those stored, and those that were stored before.",
          lines: [
            { of: rate("tidemark_events_received_total", { by: ["site"] }), legend: "{{site}} received" },
            { of: rate("tidemark_events_accepted_total", { by: ["site"] }), legend: "{{site}} accepted" },
            { of: rate("tidemark_events_duplicate_total", { by: ["site"] }), legend: "{{site}} duplicate" },
          ],
        },
        {
          ...{ title: "Requests", unit: "reqps" },
          description: "Requests a second by route.",
          lines: [{ of: rate("tidemark_requests_total", { by: ["route"] }), legend: "{{route}}" }],
        },
        {
          ...{ title: "Requests by status", unit: "reqps" },
          description: "Requests a second by status. A status of 500 or more is a fault of the collector.",
          lines: [{ of: rate("tidemark_requests_total", { by: ["status"] }), legend: "{{status}}" }],
        },
        {
          ...{ title: "Bodies of batches", unit: "Bps" },
          description: "Bytes a second, as received.",
          lines: [{ of: rate("tidemark_request_bytes_total", { by: ["site"] }), legend: "{{site}}" }],
        },
        {
          ...{ title: "Failed calls of Durable Objects", unit: "short" },
          description: "Failed calls a second by class of the object. See TidemarkObjectErrors in the runbooks.",
          lines: [{ of: rate("tidemark_object_errors_total", { by: ["object"] }), legend: "{{object}}" }],
        },
        {
          ...{ title: "Objects that do not respond", unit: "short" },
          description: "1 while the metrics of these objects cannot be read. Then their other metrics are absent.",
          lines: [
            {
              of: greatest("tidemark_objects_unresponsive", { by: ["site", "object"] }),
              legend: "{{site}} {{object}}",
            },
          ],
        },
      ],
    },
    {
      title: "Freshness",
      panels: [
        {
          ...{ title: "Lag of users, pages and custom entities", unit: "s" },
          description: "Age of the oldest push that no entity has yet: the time by which their features are behind.",
          lines: [{ of: greatest("tidemark_watermark_lag_seconds", { by: ["site"] }), legend: "{{site}}" }],
        },
        {
          ...{ title: "Age of the log", unit: "s" },
          description: "Age of the oldest record that no file has yet, and the number of these records.",
          lines: [
            { of: greatest("tidemark_log_age_seconds", { by: ["site"] }), legend: "{{site}} age" },
            { of: latest("tidemark_log_records", { by: ["site"] }), legend: "{{site}} records", right: "short" },
          ],
        },
        {
          ...{ title: "Age of the canary", unit: "s" },
          description: "Age of the latest session of the canary that has reached a step. Absent without a canary.",
          lines: [
            { of: greatest("tidemark_canary_age_seconds", { by: ["site", "step"] }), legend: "{{site}} {{step}}" },
          ],
        },
        {
          ...{ title: "Waits, 99th percentile", unit: "s" },
          description:
            "Waits for another part. Computation has no metric: the platform's clock stands still between two waits. See the platform's own figures of processor time.",
          lines: [{ of: quantile(0.99, "tidemark_wait_seconds", { by: ["on"] }), legend: "{{on}}" }],
        },
        {
          ...{ title: "Waits, median", unit: "s" },
          description: "Waits for another part.",
          lines: [{ of: quantile(0.5, "tidemark_wait_seconds", { by: ["on"] }), legend: "{{on}}" }],
        },
        {
          ...{ title: "Waits that ended with an error", unit: "percentunit", range: [0, 1] },
          description: "Share of waits for another part that ended with an error.",
          lines: [
            {
              of: 'sum by (on) (rate(tidemark_wait_seconds_count{outcome="error"}[5m])) / sum by (on) (rate(tidemark_wait_seconds_count[5m]))',
              legend: "{{on}}",
            },
          ],
        },
        {
          ...{ title: "Files of the log", unit: "Bps" },
          description: "Bytes a second, as written.",
          lines: [{ of: rate("tidemark_log_bytes_total", { by: ["site"] }), legend: "{{site}}" }],
        },
      ],
    },
    {
      title: "Sinks and webhooks",
      panels: [
        {
          ...{ title: "Lag of sinks in time", unit: "s" },
          description: "Age of the oldest record that a sink has neither delivered nor passed.",
          lines: [{ of: greatest("tidemark_sink_lag_seconds", { by: ["site", "sink"] }), legend: "{{site}} {{sink}}" }],
        },
        {
          ...{ title: "Lag of sinks in records", unit: "short" },
          description: "Records that a sink has neither delivered nor passed.",
          lines: [{ of: latest("tidemark_sink_lag_records", { by: ["site", "sink"] }), legend: "{{site}} {{sink}}" }],
        },
        {
          ...{ title: "Records of sinks", unit: "short" },
          description: "Records a second that sinks have passed, by outcome. A refused record is a dead letter.",
          lines: [
            {
              of: rate("tidemark_sink_records_total", { by: ["site", "sink", "outcome"] }),
              legend: "{{site}} {{sink}} {{outcome}}",
            },
          ],
        },
        {
          ...{ title: "Attempts of sinks", unit: "short" },
          description: "Attempts a second by outcome. A sink whose attempts all fail has no target.",
          lines: [
            {
              of: rate("tidemark_sink_attempts_total", { by: ["site", "sink", "outcome"] }),
              legend: "{{site}} {{sink}} {{outcome}}",
            },
          ],
        },
        {
          ...{ title: "Paused sinks, and uncertain records", unit: "short" },
          description:
            "Partitions in which a sink is paused, and delivered records a second that the target may have twice.",
          lines: [
            { of: latest("tidemark_sink_paused", { by: ["site", "sink"] }), legend: "{{site}} {{sink}} paused" },
            {
              of: rate("tidemark_sink_records_uncertain_total", { by: ["site", "sink"] }),
              legend: "{{site}} {{sink}} uncertain",
            },
          ],
        },
        {
          ...{ title: "Messages to webhooks", unit: "short" },
          description: "Messages a second by outcome.",
          lines: [
            {
              of: rate("tidemark_webhook_messages_total", { by: ["site", "outcome"] }),
              legend: "{{site}} {{outcome}}",
            },
          ],
        },
      ],
    },
  ],
};
