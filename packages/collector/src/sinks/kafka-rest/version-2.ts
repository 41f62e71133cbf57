import { jsonOf } from "../../target-response.ts";
import type { KafkaRecord } from "../kafka/record-batch.ts";
import { retry } from "../retry.ts";
import { base64Of, errorOutcome, NO_RESULT, type ProxyApi } from "./proxy-api.ts";

/** Codes of Kafka for a batch that is larger than the topic or the broker accepts. */
const TOO_LARGE: readonly unknown[] = [10, 18];

/** The result of a record, or with Redpanda of all records of a request in a topic partition. */
interface Offset {
  offset?: number | null;
  error_code?: number | null;
  error?: string | null;
}

const offsetsIn = (text: string): Offset[] | undefined => {
  const { offsets } = (jsonOf(text) ?? {}) as { offsets?: unknown };
  return Array.isArray(offsets) ? offsets : undefined;
};

const hasError = ({ error_code }: Offset): boolean =>
  error_code !== undefined && error_code !== null && error_code !== 0;

const isStored = (offset: Offset): boolean =>
  !hasError(offset) && typeof offset.offset === "number" && offset.offset >= 0;

/** Requests of version 2. Keys and values are bytes: as JSON, a key would have quotation marks in Kafka. */
const requestsOf = (topic: string): Pick<ProxyApi, "path" | "headers" | "body"> => ({
  path: `/topics/${topic}`,
  headers: {
    "content-type": "application/vnd.kafka.binary.v2+json",
    accept: "application/vnd.kafka.v2+json",
  },
  body: (records: readonly KafkaRecord[]) =>
    JSON.stringify({ records: records.map(({ key, value }) => ({ key: base64Of(key), value: base64Of(value) })) }),
});

/** REST Proxy of Confluent, version 2: each record has a result. */
export const confluentVersion2 = (topic: string): ProxyApi => ({
  ...requestsOf(topic),
  outcomes(text, count) {
    const offsets = offsetsIn(text);
    if (offsets?.length !== count) return undefined;
    return offsets.map((offset) => {
      if (hasError(offset)) return errorOutcome(offset.error_code, offset.error);
      return isStored(offset) ? { type: "delivered" } : NO_RESULT;
    });
  },
});

/**
 * HTTP Proxy of Redpanda: each topic partition has a result. It does not show which records it has, so an error of one
 * concerns all records of the request.
 */
export const redpandaProxy = (topic: string): ProxyApi => ({
  ...requestsOf(topic),
  outcomes(text, count) {
    const offsets = offsetsIn(text);
    if (!offsets || offsets.length === 0 || offsets.length > count) return undefined;
    const failed = offsets.find((offset) => !isStored(offset));
    if (!failed) return Array.from({ length: count }, () => ({ type: "delivered" }));
    const reason = `the proxy responded with error ${failed.error_code} of Kafka`;
    if (TOO_LARGE.includes(failed.error_code)) return { tooLarge: reason };
    return Array.from({ length: count }, () => (hasError(failed) ? retry(reason) : NO_RESULT));
  },
});
