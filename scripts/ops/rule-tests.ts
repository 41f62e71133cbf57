/** Series, and times at which an alert fires and does not. The interval of their samples is 15 s: 4 a minute. */
export interface RuleTest {
  /** Samples by series in promtool's form: `0+3x40` is 0, 3, 6 and so on, 41 samples. */
  series: Readonly<Record<string, string>>;
  /** A time at which the condition holds, but not for long enough. */
  pending?: string;
  fires: { at: string; labels?: Readonly<Record<string, string>> };
  /** A time at which it has ended. Absent for the alert that never ends. */
  clears?: string;
}

/** A test of expressions over recorded series. */
interface RecordingTest {
  name: string;
  series: RuleTest["series"];
  values: readonly { at: string; of: string; is: readonly { labels: string; value: number }[] }[];
}

const SITE = { site: "shop" };
const SINK = { site: "shop", sink: "warehouse" };

/** A gauge that has one value until 5 minutes, another one until 10 minutes, and then the first again. */
const raised = (usual: number, high: number): string => `${usual}+0x20 ${high}+0x20 ${usual}+0x60`;

/** A counter that grows by so many per sample from 10 to 20 minutes only. */
const burst = (by: number): string => `0+0x40 0+${by}x40 ${by * 40}+0x120`;

/** A counter that grows by one event a second for 100 minutes. */
const STEADY = "0+15x400";

/** A counter that grows at 5 minutes, once. */
const grows = (by: number): string => `0+0x20 ${by}+0x400`;

const DURING_BURST = { at: "18m", labels: SITE };

/** The test of each alert, by its name. */
export const RULE_TESTS: Readonly<Record<string, RuleTest>> = {
  TidemarkCollectorDown: {
    series: { 'up{job="tidemark", instance="collector"}': raised(1, 0) },
    pending: "5m30s",
    fires: { at: "8m", labels: { job: "tidemark" } },
    clears: "12m",
  },
  TidemarkAvailabilityBurnFast: {
    // From 60 to 75 minutes a third of the batches fail.
    series: {
      'tidemark_requests_total{route="/v1/events", status="200"}': "0+15x600",
      'tidemark_requests_total{route="/v1/events", status="503"}': "0+0x240 0+7x60 420+0x300",
    },
    pending: "60m15s",
    fires: { at: "70m" },
    clears: "110m",
  },
  TidemarkAvailabilityBurnSlow: {
    // From 4 to 7 hours one of 100 batches fails.
    series: {
      'tidemark_requests_total{route="/v1/events", status="200"}': "0+15x3000",
      'tidemark_requests_total{route="/v1/events", status="500"}': "0+0x960 0+0.15x720 108+0x1320",
    },
    pending: "5h30m",
    fires: { at: "7h" },
    clears: "10h",
  },
  TidemarkCanaryStale: {
    series: { 'tidemark_canary_age_seconds{site="shop", step="log"}': raised(30, 400) },
    pending: "5m30s",
    fires: { at: "8m", labels: { ...SITE, step: "log" } },
    clears: "12m",
  },
  TidemarkRejectRate: {
    series: {
      'tidemark_events_rejected_total{site="shop", code="invalid", field="time", release="js/1.4.0"}': burst(3),
      'tidemark_sdk_events_total{site="shop", release="js/1.4.0"}': STEADY,
      'tidemark_sdk_events_total{site="shop", release="js/1.3.0"}': STEADY,
    },
    pending: "11m",
    fires: { at: "18m", labels: { ...SITE, release: "js/1.4.0" } },
    clears: "25m",
  },
  TidemarkEventVolumeDrop: {
    // One event a second for 75 minutes, none for 15, and then as before.
    series: { 'tidemark_events_accepted_total{site="shop"}': "0+15x300 4500+0x60 4500+15x120" },
    pending: "78m",
    fires: { at: "85m", labels: SITE },
    clears: "95m",
  },
  TidemarkLateFlood: {
    series: {
      'tidemark_events_late_total{site="shop", cause="offline"}': burst(6),
      'tidemark_events_accepted_total{site="shop"}': STEADY,
    },
    pending: "11m45s",
    fires: DURING_BURST,
    clears: "25m",
  },
  TidemarkEventsMissing: {
    series: {
      'tidemark_events_missing{site="shop"}': "0+0x280 300+0x100 0+0x100",
      'tidemark_events_received_total{site="shop"}': "0+15x500",
    },
    pending: "75m",
    fires: { at: "85m", labels: SITE },
    clears: "100m",
  },
  TidemarkClockSkew: {
    series: {
      'tidemark_events_late_total{site="shop", cause="clock"}': burst(2),
      'tidemark_events_accepted_total{site="shop"}': STEADY,
    },
    pending: "12m",
    fires: DURING_BURST,
    clears: "25m",
  },
  TidemarkWatermarkLag: {
    series: { 'tidemark_watermark_lag_seconds{site="shop"}': raised(5, 90) },
    pending: "7m",
    fires: { at: "9m", labels: SITE },
    clears: "12m",
  },
  TidemarkLogStale: {
    series: { 'tidemark_log_age_seconds{site="shop"}': raised(60, 1_500) },
    pending: "7m",
    fires: { at: "9m", labels: SITE },
    clears: "12m",
  },
  TidemarkSinkDown: {
    series: {
      'tidemark_sink_attempts_total{site="shop", sink="warehouse", outcome="failed"}': "0+0x20 0+1x40 40+0x100",
      'tidemark_sink_attempts_total{site="shop", sink="warehouse", outcome="complete"}': "0+1x20 20+0x40 20+1x100",
      'tidemark_sink_lag_records{site="shop", sink="warehouse"}': "0+0x20 100+0x40 0+0x100",
    },
    pending: "7m",
    fires: { at: "12m", labels: SINK },
    clears: "18m",
  },
  TidemarkSinkLagging: {
    series: { 'tidemark_sink_lag_seconds{site="shop", sink="warehouse"}': raised(10, 600) },
    pending: "7m",
    fires: { at: "9m", labels: SINK },
    clears: "12m",
  },
  TidemarkSinkRefuses: {
    series: { 'tidemark_sink_records_total{site="shop", sink="warehouse", outcome="refused"}': grows(3) },
    fires: { at: "6m", labels: SINK },
    clears: "20m",
  },
  TidemarkSinkPaused: {
    series: { 'tidemark_sink_paused{site="shop", sink="warehouse"}': "0+0x20 1+0x300 0+0x40" },
    pending: "60m",
    fires: { at: "70m", labels: SINK },
    clears: "85m",
  },
  TidemarkFeastStale: {
    series: {
      'tidemark_feast_export_age_seconds{site="shop"}': "0+15x40 0+15x80",
      'tidemark_feast_export_max_age_seconds{site="shop"}': "300+0x160",
    },
    pending: "6m",
    fires: { at: "9m", labels: SITE },
    clears: "12m",
  },
  TidemarkPredictionFallback: {
    series: {
      'tidemark_predictions_total{site="shop", model="purchase", version="1", outcome="timeout"}':
        "0+0x40 0+6x60 360+0x80",
      'tidemark_predictions_total{site="shop", model="purchase", version="1", outcome="predicted"}': STEADY,
    },
    pending: "14m",
    fires: { at: "22m", labels: { ...SITE, model: "purchase" } },
    clears: "35m",
  },
  TidemarkWebhookFailing: {
    series: { 'tidemark_webhook_messages_total{site="shop", outcome="refused"}': grows(2) },
    fires: { at: "6m", labels: SITE },
    clears: "20m",
  },
  TidemarkObjectErrors: {
    series: { 'tidemark_object_errors_total{object="Session"}': burst(3) },
    pending: "12m",
    fires: { at: "18m", labels: { object: "Session" } },
    clears: "25m",
  },
  TidemarkObjectsUnresponsive: {
    series: { 'tidemark_objects_unresponsive{site="shop", object="Partition"}': raised(0, 1) },
    pending: "6m30s",
    fires: { at: "9m", labels: { ...SITE, object: "Partition" } },
    clears: "12m",
  },
  TidemarkSetAside: {
    series: { 'tidemark_rows_set_aside_total{site="shop", entity="user"}': grows(1) },
    fires: { at: "6m", labels: SITE },
    clears: "70m",
  },
  TidemarkWatchdog: { series: {}, fires: { at: "1m" } },
};

const MODEL = '{site="shop", model="purchase", version="1"}';
const DRIFT = "site_model_version:tidemark_prediction_value:drift1h_7d";

/** The tests of recorded series. */
export const RECORDING_TESTS: readonly RecordingTest[] = [
  {
    name: "Drift is 0 while the predictions stay the same, and large after they have changed",
    // For 3 hours all values are at most 0.5, and then all are above.
    series: {
      'tidemark_prediction_value_bucket{site="shop", model="purchase", version="1", le="0.5"}': "0+15x720 10800+0x240",
      'tidemark_prediction_value_bucket{site="shop", model="purchase", version="1", le="+Inf"}': "0+15x960",
      'tidemark_prediction_value_count{site="shop", model="purchase", version="1"}': "0+15x960",
    },
    values: [
      { at: "2h", of: `${DRIFT} < bool 0.001`, is: [{ labels: MODEL, value: 1 }] },
      { at: "4h", of: `${DRIFT} > bool 0.5`, is: [{ labels: MODEL, value: 1 }] },
    ],
  },
];
