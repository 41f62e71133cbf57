import type { Alert } from "./alert.ts";
import type { CanaryStep } from "./canary/steps.ts";
import type { Condition, Plain, Query, Series } from "./query.ts";

type Chosen = Omit<Series<Plain>, "family">;

const number = (value: number): Query => ({ type: "number", value });
const latest = (family: Plain, chosen: Chosen = {}): Query => ({ type: "latest", family, ...chosen });
const greatest = (family: Plain, chosen: Chosen = {}): Query => ({ type: "greatest", family, ...chosen });
const rate = (family: Plain, overSeconds: number, chosen: Chosen = {}): Query => ({
  ...{ type: "rate", family, overSeconds },
  ...chosen,
});
const increase = (family: Plain, overSeconds: number, chosen: Chosen = {}): Query => ({
  ...{ type: "increase", family, overSeconds },
  ...chosen,
});
const earlier = (bySeconds: number, of: Query): Query => ({ type: "earlier", of, bySeconds });
const divide = (left: Query, right: Query): Query => ({ type: "divide", left, right });
const times = (factor: number, right: Query): Query => ({ type: "multiply", left: number(factor), right });
const subtract = (left: Query, right: Query): Query => ({ type: "subtract", left, right });
const above = (left: Query, right: Query | number): Condition => ({
  ...{ type: "above", left },
  right: typeof right === "number" ? number(right) : right,
});
const below = (left: Query, right: Query | number): Condition => ({
  ...{ type: "below", left },
  right: typeof right === "number" ? number(right) : right,
});
const both = (left: Condition, right: Condition): Condition => ({ type: "and", left, right });
const unless = (left: Condition, right: Condition): Condition => ({ type: "unless", left, right });
const either = (left: Condition, right: Condition): Condition => ({ type: "or", left, right });

/**
 * A counter has grown in a time, or has appeared in it. The rate of a counter that appears lacks its first value, which for
 * rare faults is the only one.
 */
const hasGrown = (family: Plain, withinSeconds: number, chosen: Chosen): Condition => {
  const now = latest(family, chosen);
  const before = earlier(withinSeconds, now);
  return either(above(subtract(now, before), 0), unless(above(now, 0), above(before, -1)));
};

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Share of batches that may fail without a breach of the objective: see docs/slo.md. */
const ERROR_BUDGET = 0.001;

const BY_SITE = { by: ["site"] };
const BY_SINK = { by: ["site", "sink"] };

/** Events of a site per second below which shares and drops say nothing. */
const FEW_EVENTS = 0.2;

const rejected = rate("tidemark_events_rejected_total", 2 * MINUTE, { by: ["site", "release"] });
const accepted = rate("tidemark_events_accepted_total", 2 * MINUTE, BY_SITE);
const hourBefore = earlier(HOUR, rate("tidemark_events_accepted_total", 10 * MINUTE, BY_SITE));
const dayBefore = earlier(DAY, rate("tidemark_events_accepted_total", 30 * MINUTE, BY_SITE));
const missing = latest("tidemark_events_missing", BY_SITE);
const newlyMissing = subtract(missing, earlier(HOUR, missing));
const late = (where: NonNullable<Chosen["where"]>): Query =>
  rate("tidemark_events_late_total", 2 * MINUTE, { ...BY_SITE, where });
const attempts = (overSeconds: number, outcome: string | readonly string[]): Query =>
  increase("tidemark_sink_attempts_total", overSeconds, { ...BY_SINK, where: { outcome } });
const predictions = (where?: Chosen["where"]): Query =>
  rate("tidemark_predictions_total", 5 * MINUTE, { by: ["site", "model"], ...(where && { where }) });
const FAILED = ["500", "502", "503", "504"];
const failedBatches = { route: "/v1/events", status: FAILED };

/**
 * The error budget of batches is used up faster than allowed, over a long time and at its end. So a short fault does not fire
 * it, and it does not go on after its end.
 *
 * @param factor Multiple of the rate that uses up the budget in exactly its period of 30 days.
 */
const burns = (factor: number, longSeconds: number, shortSeconds: number): Condition => {
  const over = (seconds: number): Condition => {
    const failed = rate("tidemark_requests_total", seconds, { where: failedBatches });
    const all = rate("tidemark_requests_total", seconds, { where: { route: "/v1/events" } });
    return above(divide(failed, all), factor * ERROR_BUDGET);
  };
  return both(over(longSeconds), over(shortSeconds));
};

/** Enough batches have failed that their share says something. */
const manyFailed = (overSeconds: number): Condition =>
  above(increase("tidemark_requests_total", overSeconds, { where: failedBatches }), 10);

const canary = (...steps: CanaryStep[]): Query =>
  greatest("tidemark_canary_age_seconds", { by: ["site", "step"], where: { step: steps } });

const lost = { outcome: ["refused", "expired", "dropped"] };

/**
 * The alerts of a deployment: the one table from which Prometheus' rules are made, and which the collector evaluates
 * itself.
 */
export const alerts: readonly Alert[] = [
  {
    ...{ name: "TidemarkCollectorDown", severity: "page", forSeconds: MINUTE, by: "prometheus" },
    summary: "Prometheus cannot read the collector's metrics.",
    when: { type: "down" },
  },
  {
    ...{ name: "TidemarkAvailabilityBurnFast", severity: "page", forSeconds: MINUTE },
    summary: "Batches fail so fast that the month's error budget of 0.1 % is used up in days.",
    when: both(either(burns(14.4, HOUR, 5 * MINUTE), burns(6, 6 * HOUR, 30 * MINUTE)), manyFailed(6 * HOUR)),
  },
  {
    ...{ name: "TidemarkAvailabilityBurnSlow", severity: "ticket", forSeconds: 15 * MINUTE },
    summary: "Batches fail so fast that the month's error budget of 0.1 % is used up in 10 days.",
    when: both(burns(3, DAY, 2 * HOUR), manyFailed(DAY)),
  },
  {
    ...{ name: "TidemarkCanaryStale", severity: "page", forSeconds: MINUTE },
    summary: "No session of the canary at site {site} has reached the step {step} for long.",
    when: either(above(canary("vector", "log"), 5 * MINUTE), above(canary("sink"), 20 * MINUTE)),
  },
  {
    ...{ name: "TidemarkRejectRate", severity: "page", forSeconds: 2 * MINUTE },
    summary: "The collector rejects over 5 % of the events of release {release} at site {site}.",
    when: both(
      above(divide(rejected, rate("tidemark_sdk_events_total", 2 * MINUTE, { by: ["site", "release"] })), 0.05),
      above(rejected, FEW_EVENTS / 2),
    ),
  },
  {
    ...{ name: "TidemarkEventVolumeDrop", severity: "page", forSeconds: 3 * MINUTE },
    summary: "Site {site} sends less than a quarter of the events of an hour ago.",
    // A site that was quiet at this time of yesterday may be quiet.
    when: unless(
      both(below(accepted, times(0.25, hourBefore)), above(hourBefore, FEW_EVENTS)),
      below(dayBefore, FEW_EVENTS),
    ),
  },
  {
    ...{ name: "TidemarkLateFlood", severity: "ticket", forSeconds: 2 * MINUTE },
    summary: "Over 20 % of the events of site {site} arrive late.",
    when: both(above(divide(late({ cause: { not: "clock" } }), accepted), 0.2), above(accepted, FEW_EVENTS)),
  },
  {
    ...{ name: "TidemarkEventsMissing", severity: "ticket", forSeconds: 10 * MINUTE },
    summary: "Over 2 % of the events of site {site} have not arrived in the latest hour.",
    when: both(
      above(newlyMissing, times(0.02, increase("tidemark_events_received_total", HOUR, BY_SITE))),
      above(newlyMissing, 100),
    ),
  },
  {
    ...{ name: "TidemarkClockSkew", severity: "ticket", forSeconds: 2 * MINUTE },
    summary: "Over 5 % of the events of site {site} have the time of a wrong clock.",
    when: both(above(divide(late({ cause: "clock" }), accepted), 0.05), above(accepted, FEW_EVENTS)),
  },
  {
    ...{ name: "TidemarkWatermarkLag", severity: "page", forSeconds: 2 * MINUTE },
    summary: "Users and pages of site {site} have no events of the latest minute.",
    when: above(greatest("tidemark_watermark_lag_seconds", BY_SITE), MINUTE),
  },
  {
    ...{ name: "TidemarkLogStale", severity: "page", forSeconds: 2 * MINUTE },
    // A quiet site writes its records after 15 minutes.
    summary: "The log of site {site} has records of over 20 minutes ago that no file has.",
    when: above(greatest("tidemark_log_age_seconds", BY_SITE), 20 * MINUTE),
  },
  {
    ...{ name: "TidemarkSinkDown", severity: "page", forSeconds: 3 * MINUTE },
    summary: "All attempts of sink {sink} of site {site} fail.",
    // Attempts become rare after many failures.
    when: both(
      unless(above(attempts(15 * MINUTE, "failed"), 0), above(attempts(MINUTE, ["complete", "partial"]), 0)),
      above(latest("tidemark_sink_lag_records", BY_SINK), 0),
    ),
  },
  {
    ...{ name: "TidemarkSinkLagging", severity: "ticket", forSeconds: 2 * MINUTE },
    summary: "Sink {sink} of site {site} has records of over 5 minutes ago that it has not delivered.",
    when: unless(
      above(greatest("tidemark_sink_lag_seconds", BY_SINK), 5 * MINUTE),
      above(latest("tidemark_sink_paused", BY_SINK), 0),
    ),
  },
  {
    ...{ name: "TidemarkSinkRefuses", severity: "ticket", forSeconds: 0 },
    summary: "The target of sink {sink} of site {site} has refused records in the latest 10 minutes.",
    when: hasGrown("tidemark_sink_records_total", 10 * MINUTE, { ...BY_SINK, where: { outcome: "refused" } }),
  },
  {
    ...{ name: "TidemarkSinkPaused", severity: "ticket", forSeconds: HOUR },
    summary: "Sink {sink} of site {site} has been paused for an hour.",
    when: above(latest("tidemark_sink_paused", BY_SINK), 0),
  },
  {
    ...{ name: "TidemarkFeastStale", severity: "ticket", forSeconds: 2 * MINUTE },
    summary: "The latest export of site {site} for Feast is older than its values may be.",
    when: above(
      greatest("tidemark_feast_export_age_seconds", BY_SITE),
      greatest("tidemark_feast_export_max_age_seconds", BY_SITE),
    ),
  },
  {
    ...{ name: "TidemarkPredictionFallback", severity: "page", forSeconds: 5 * MINUTE },
    summary: "Over 10 % of the predictions of model {model} at site {site} are its fallback.",
    when: both(
      above(divide(predictions({ outcome: { not: "predicted" } }), predictions()), 0.1),
      above(predictions(), FEW_EVENTS / 2),
    ),
  },
  {
    ...{ name: "TidemarkWebhookFailing", severity: "ticket", forSeconds: 0 },
    summary: "Messages to the webhook of site {site} were lost in the latest 10 minutes.",
    when: hasGrown("tidemark_webhook_messages_total", 10 * MINUTE, { ...BY_SITE, where: lost }),
  },
  {
    ...{ name: "TidemarkObjectErrors", severity: "page", forSeconds: 2 * MINUTE },
    summary: "Calls of {object} objects fail, over one in 10 seconds.",
    when: above(rate("tidemark_object_errors_total", 2 * MINUTE, { by: ["object"] }), 0.1),
  },
  {
    ...{ name: "TidemarkObjectsUnresponsive", severity: "page", forSeconds: 2 * MINUTE },
    summary: "{object} objects do not respond, so their metrics are absent. Site: {site}.",
    when: above(greatest("tidemark_objects_unresponsive", { by: ["site", "object"] }), 0),
  },
  {
    ...{ name: "TidemarkSetAside", severity: "ticket", forSeconds: 0 },
    summary: "Data of site {site} was set aside in the latest hour, because no row or file can hold it.",
    when: either(
      hasGrown("tidemark_rows_set_aside_total", HOUR, BY_SITE),
      hasGrown("tidemark_log_records_set_aside_total", HOUR, BY_SITE),
    ),
  },
  {
    ...{ name: "TidemarkWatchdog", severity: "none", forSeconds: 0 },
    summary: "Alerts are evaluated and sent. Its silence is a fault.",
    when: { type: "always" },
  },
];
