import type { SinkTarget } from "../define-sink.ts";
import { secretNamesOf } from "./aws/credentials.ts";
import { type BigQuerySettings, checkBigQuery } from "./bigquery/settings.ts";
import { checkKafka, type KafkaSettings, kafka as kafkaSettings } from "./kafka/settings.ts";
import { checkKafkaRest, type KafkaRestSettings, kafkaRestSecrets } from "./kafka-rest/settings.ts";
import { checkKinesis, type KinesisSettings } from "./kinesis/settings.ts";
import { checkS3, type S3Settings } from "./s3/settings.ts";
import { checkSnowpipe, type SnowpipeSettings } from "./snowpipe/settings.ts";

export type { BigQuerySettings } from "./bigquery/settings.ts";
export { type ClickhouseSettings, clickhouse } from "./clickhouse.ts";
export type { KafkaSettings } from "./kafka/settings.ts";
export type { KafkaRestSettings } from "./kafka-rest/settings.ts";
export type { KinesisSettings } from "./kinesis/settings.ts";
export { type PostgresSettings, postgres } from "./postgres.ts";
export type { S3Settings } from "./s3/settings.ts";
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

/** A topic of Kafka behind a proxy that speaks HTTP, as the target of a sink. */
export const kafkaRest = (settings: KafkaRestSettings): SinkTarget => ({
  type: "kafka_rest",
  secrets: kafkaRestSecrets(settings),
  check: (expect) => checkKafkaRest(settings, expect),
  create: async () => (await import("./kafka-rest/create-kafka-rest-sink.ts")).createKafkaRestSink(settings),
});

/** A data stream of Amazon Kinesis as the target of a sink. */
export const kinesis = (settings: KinesisSettings): SinkTarget => ({
  type: "kinesis",
  secrets: secretNamesOf(settings),
  check: (expect) => checkKinesis(settings, expect),
  create: async () => (await import("./kinesis/create-kinesis-sink.ts")).createKinesisSink(settings),
});

/** A bucket of S3-compatible storage as the target of a sink. */
export const s3 = (settings: S3Settings): SinkTarget => ({
  type: "s3",
  secrets: secretNamesOf(settings),
  check: (expect) => checkS3(settings, expect),
  create: async () => (await import("./s3/create-s3-sink.ts")).createS3Sink(settings),
});
