import type { LogRecord } from "@tidemark/schema/log";
import { jsonBody } from "../json-body.ts";
import type { SinkRecord } from "../sink.ts";
import type { KafkaRecord } from "./record-batch.ts";
import type { KafkaSettings } from "./settings.ts";

/** The ids of a record's browser and user. */
const visitorOf = (record: LogRecord): { anonymous_id?: unknown; user_id?: unknown } => {
  if (record.kind === "event") return record.event;
  return record.kind === "vector" ? record : record.payload;
};

/** The key of a record in Kafka. */
export const keyOf = ({ key, record }: SinkRecord, part: KafkaSettings["key"] = "session"): string => {
  if (part === "session") return key;
  const { anonymous_id, user_id } = visitorOf(record);
  const ids = part === "user" ? [user_id, anonymous_id] : [anonymous_id];
  return (ids.find((id) => typeof id === "string" && id !== "") as string | undefined) ?? key;
};

/** UTC milliseconds at which the fact happened. */
const timeOf = (record: LogRecord): number => {
  if (record.kind === "event") return record.event.time;
  return record.kind === "vector" ? record.closed_at : record.received_at;
};

const typeOf = (record: LogRecord): string =>
  record.kind === "event" ? `tidemark.event.${record.event.type}` : `tidemark.${record.kind}`;

/** A record in Kafka: JSON, with the attributes of CloudEvents 1.0 in headers (binary content mode). */
export const kafkaRecordOf = (record: SinkRecord, part: KafkaSettings["key"]): KafkaRecord => ({
  key: keyOf(record, part),
  value: jsonBody(record),
  headers: [
    ["ce_specversion", "1.0"],
    ["ce_id", record.id],
    ["ce_source", `/sites/${record.record.site}`],
    ["ce_type", typeOf(record.record)],
    ["ce_time", new Date(timeOf(record.record)).toISOString()],
    ["content-type", "application/json"],
  ],
});
