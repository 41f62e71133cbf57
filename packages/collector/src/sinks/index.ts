import type { SinkTarget } from "../define-sink.ts";
import { checkKafka, type KafkaSettings, kafka as kafkaSettings } from "./kafka/settings.ts";

export { type ClickhouseSettings, clickhouse } from "./clickhouse.ts";
export type { KafkaSettings } from "./kafka/settings.ts";
export { type PostgresSettings, postgres } from "./postgres.ts";
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
