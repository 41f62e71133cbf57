import type { SinkTarget } from "../define-sink.ts";
import { type BigQuerySettings, checkBigQuery } from "./bigquery/settings.ts";
import { checkKafka, type KafkaSettings, kafka as kafkaSettings } from "./kafka/settings.ts";
import { checkSnowpipe, type SnowpipeSettings } from "./snowpipe/settings.ts";

export type { BigQuerySettings } from "./bigquery/settings.ts";
export type { KafkaSettings } from "./kafka/settings.ts";
export type { SnowpipeSettings } from "./snowpipe/settings.ts";
export { type WebhookSinkSettings, webhookSink } from "./webhook.ts";

/** A topic of a Kafka cluster as the target of a sink. */
export const kafka = (settings: Omit<KafkaSettings, "type">): SinkTarget => {
  const given = kafkaSettings(settings);
  return {
    type: given.type,
    secrets: given.sasl ? [given.sasl.passwordSecret] : [],
    check: (expect) => checkKafka(given, expect),
    create: async () => (await import("./kafka/create-kafka-sink.ts")).createKafkaSink(given),
  };
};

/** A table of BigQuery as the target of a sink. */
export const bigquery = (settings: BigQuerySettings): SinkTarget => ({
  type: "bigquery",
  secrets: [settings.credentialsSecret],
  hasOneKind: true,
  check: (expect) => checkBigQuery(settings, expect),
  create: async (creation) => (await import("./bigquery/bigquery-sink.ts")).createBigQuerySink(settings, creation),
});

/** A pipe of Snowflake as the target of a sink. */
export const snowpipe = (settings: SnowpipeSettings): SinkTarget => ({
  type: "snowpipe",
  secrets: [settings.privateKeySecret],
  hasOneKind: true,
  check: (expect) => checkSnowpipe(settings, expect),
  create: async (creation) => (await import("./snowpipe/snowpipe-sink.ts")).createSnowpipeSink(settings, creation),
});
