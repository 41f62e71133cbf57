import type { ExpectSetting } from "../../settings/expect-setting.ts";

/** Mechanisms of SASL that the sink has. */
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/** A user name with a password. */
export interface KafkaSasl {
  mechanism: (typeof MECHANISMS)[number];
  username: string;
  /** Name of the secret (environment variable) that contains the password. */
  passwordSecret: string;
}

/** Parts of a record that can be its key in Kafka. */
const KEYS = ["session", "anonymous", "user"] as const;

/** A topic of a Kafka cluster. Its brokers have the version 2.1 or later. */
export interface KafkaSettings {
  type: "kafka";
  /** Addresses of some brokers, as `host:port`. These report the addresses of all others. */
  brokers: readonly string[];
  topic: string;
  /** Whether connections use TLS. The Workers runtime accepts certificates of public authorities. Default: false. */
  tls?: boolean;
  /** Default: no authentication. */
  sasl?: KafkaSasl;
  /** Default: `gzip`. */
  compression?: "gzip" | "none";
  /**
   * The record's key in Kafka, which decides its topic partition. `session` is the session's id. `anonymous` is the browser's
   * id; `user` is the user's id, or the browser's before identification. A record without the part has the session's id, or
   * the site's. Default: `session`.
   */
  key?: (typeof KEYS)[number];
}

/** A topic of a Kafka cluster, as the target of a sink. */
export const kafka = (settings: Omit<KafkaSettings, "type">): KafkaSettings => ({ type: "kafka", ...settings });

/** The host and port of a broker. */
export interface BrokerAddress {
  host: string;
  port: number;
}

/** Reads `host:port`. Returns `undefined` for any other text. */
export const parseAddress = (text: string): BrokerAddress | undefined => {
  const [, host, port] = /^([^\s:/]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(text) ?? [];
  return host !== undefined && Number(port) > 0 && Number(port) < 65_536 ? { host, port: Number(port) } : undefined;
};

const KNOWN: Record<keyof KafkaSettings, true> = {
  ...{ type: true, brokers: true, topic: true, tls: true, sasl: true, compression: true, key: true },
};
const KNOWN_SASL: Record<keyof KafkaSasl, true> = { mechanism: true, username: true, passwordSecret: true };

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

const isOneOf = (value: unknown, values: readonly string[]): boolean => values.includes(value as string);

const checkSasl = (sasl: KafkaSasl, expect: ExpectSetting): void => {
  const isObject = typeof sasl === "object" && sasl !== null;
  expect(isObject, "sasl", "an object with mechanism, username and passwordSecret", sasl);
  const unknown = Object.keys(sasl).find((field) => !Object.hasOwn(KNOWN_SASL, field));
  expect(unknown === undefined, `sasl.${unknown}`, `no fields but ${Object.keys(KNOWN_SASL).join(", ")}`, "this field");
  expect(isOneOf(sasl.mechanism, MECHANISMS), "sasl.mechanism", `one of ${MECHANISMS.join(", ")}`, sasl.mechanism);
  const isName = typeof sasl.username === "string" && sasl.username !== "" && !sasl.username.includes("\0");
  expect(isName, "sasl.username", "the name of a user", sasl.username);
  // The error does not quote the given value, which may be the password itself.
  const isVariable = typeof sasl.passwordSecret === "string" && ENVIRONMENT_VARIABLE.test(sasl.passwordSecret);
  expect(
    isVariable,
    "sasl.passwordSecret",
    "the name of an environment variable, such as KAFKA_PASSWORD",
    "another value",
  );
};

/** Checks the settings of a Kafka sink. */
export const checkKafka = (settings: KafkaSettings, expect: ExpectSetting): void => {
  const { brokers, topic, tls = false, sasl, compression = "gzip", key = "session" } = settings;
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(KNOWN, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(KNOWN).join(", ")}`, "this field");
  expect(Array.isArray(brokers) && brokers.length > 0, "brokers", "an array of addresses", brokers);
  for (const [index, broker] of brokers.entries()) {
    const isAddress = typeof broker === "string" && parseAddress(broker) !== undefined;
    expect(isAddress, `brokers[${index}]`, "an address such as broker-1.example.com:9092", broker);
  }
  const isTopic = typeof topic === "string" && /^[\w.-]{1,249}$/.test(topic) && topic !== "." && topic !== "..";
  expect(isTopic, "topic", "a name of up to 249 letters, digits, dots, hyphens and underscores", topic);
  expect(typeof tls === "boolean", "tls", "true or false", tls);
  expect(isOneOf(compression, ["gzip", "none"]), "compression", "gzip or none", compression);
  expect(isOneOf(key, KEYS), "key", `one of ${KEYS.join(", ")}`, key);
  if (sasl !== undefined) checkSasl(sasl, expect);
};
