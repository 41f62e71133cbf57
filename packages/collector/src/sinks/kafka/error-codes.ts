/**
 * The reaction to an error of a broker:
 *
 * - `delivered`: the broker has the batch already.
 * - `leader`: another broker leads the topic partition; the sink asks for the leaders again.
 * - `later`: the same request may succeed later.
 * - `split`: a part of the batch may be accepted; one record alone is refused.
 * - `renew`: the broker does not know the producer's sequence; the sink needs a new producer id.
 * - `change`: the same request fails until somebody changes the cluster or the settings.
 */
export type Reaction = "delivered" | "leader" | "later" | "split" | "renew" | "change";

/** An error code of Kafka. */
interface ErrorCode {
  name: string;
  reaction: Reaction;
  /** The necessary change. */
  advice?: string;
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  2: { name: "CORRUPT_MESSAGE", reaction: "later" },
  3: { name: "UNKNOWN_TOPIC_OR_PARTITION", reaction: "leader", advice: "create the topic unless it is being created" },
  5: { name: "LEADER_NOT_AVAILABLE", reaction: "leader" },
  6: { name: "NOT_LEADER_OR_FOLLOWER", reaction: "leader" },
  7: { name: "REQUEST_TIMED_OUT", reaction: "later" },
  8: { name: "BROKER_NOT_AVAILABLE", reaction: "leader" },
  9: { name: "REPLICA_NOT_AVAILABLE", reaction: "leader" },
  10: { name: "MESSAGE_TOO_LARGE", reaction: "split", advice: "raise max.message.bytes of the topic" },
  13: { name: "NETWORK_EXCEPTION", reaction: "leader" },
  14: { name: "COORDINATOR_LOAD_IN_PROGRESS", reaction: "later" },
  15: { name: "COORDINATOR_NOT_AVAILABLE", reaction: "later" },
  16: { name: "NOT_COORDINATOR", reaction: "later" },
  17: { name: "INVALID_TOPIC_EXCEPTION", reaction: "change", advice: "correct the setting topic" },
  18: { name: "RECORD_LIST_TOO_LARGE", reaction: "split", advice: "raise segment.bytes of the topic" },
  19: { name: "NOT_ENOUGH_REPLICAS", reaction: "later" },
  20: { name: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", reaction: "later" },
  29: {
    name: "TOPIC_AUTHORIZATION_FAILED",
    reaction: "change",
    advice: "permit the user WRITE and DESCRIBE of the topic",
  },
  31: {
    name: "CLUSTER_AUTHORIZATION_FAILED",
    reaction: "change",
    advice: "permit the user WRITE of the topic, or IDEMPOTENT_WRITE of the cluster on brokers before 2.8",
  },
  32: {
    name: "INVALID_TIMESTAMP",
    reaction: "change",
    advice: "raise message.timestamp.before.max.ms of the topic, or remove it",
  },
  33: { name: "UNSUPPORTED_SASL_MECHANISM", reaction: "change", advice: "change the setting sasl.mechanism" },
  34: { name: "ILLEGAL_SASL_STATE", reaction: "change", advice: "remove the setting sasl, or use a port with SASL" },
  35: { name: "UNSUPPORTED_VERSION", reaction: "change", advice: "use brokers of the version 2.1 or later" },
  45: { name: "OUT_OF_ORDER_SEQUENCE_NUMBER", reaction: "renew" },
  46: { name: "DUPLICATE_SEQUENCE_NUMBER", reaction: "delivered" },
  47: { name: "INVALID_PRODUCER_EPOCH", reaction: "renew" },
  49: { name: "INVALID_PRODUCER_ID_MAPPING", reaction: "renew" },
  56: { name: "KAFKA_STORAGE_ERROR", reaction: "leader" },
  58: {
    name: "SASL_AUTHENTICATION_FAILED",
    reaction: "change",
    advice: "check the setting sasl.username, and the password in the secret",
  },
  59: { name: "UNKNOWN_PRODUCER_ID", reaction: "renew" },
  74: { name: "FENCED_LEADER_EPOCH", reaction: "leader" },
  75: { name: "UNKNOWN_LEADER_EPOCH", reaction: "leader" },
  76: { name: "UNSUPPORTED_COMPRESSION_TYPE", reaction: "change", advice: "change the setting compression" },
  87: { name: "INVALID_RECORD", reaction: "split" },
  89: { name: "THROTTLING_QUOTA_EXCEEDED", reaction: "later" },
  90: { name: "PRODUCER_FENCED", reaction: "renew" },
};

/** Describes a code of a response. A code that is not in the table may be over later. */
export const errorOf = (code: number): ErrorCode => CODES[code] ?? { name: `error ${code}`, reaction: "later" };

/** A sentence about an error: its name, its subject, the broker's words, and the necessary change. */
export const describe = (code: number, subject: string, words?: string | null): string => {
  const { name, advice } = errorOf(code);
  return `${subject}: ${name}${words ? ` (${words})` : ""}${advice === undefined ? "" : `; ${advice}`}`;
};
