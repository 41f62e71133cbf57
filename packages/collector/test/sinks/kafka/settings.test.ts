import { describe, expect, it } from "vitest";
import { checkKafka, type KafkaSettings, kafka, parseAddress } from "../../../src/sinks/kafka/settings.ts";

const GOOD = { brokers: ["broker-1.example.com:9092"], topic: "events" };
const SASL = { mechanism: "SCRAM-SHA-512", username: "alice", passwordSecret: "KAFKA_PASSWORD" } as const;

/** The first error of settings: `field: expected, given`. */
const errorOf = (settings: object): string | undefined => {
  try {
    checkKafka({ type: "kafka", ...settings } as KafkaSettings, (condition, field, expected, given) => {
      if (!condition) throw new Error(`${field}: ${expected}, given ${JSON.stringify(given)}`);
    });
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the settings of a sink of Kafka", () => {
  it("are complete with brokers and a topic", () => {
    expect(errorOf(kafka(GOOD))).toBe(undefined);
    expect(errorOf(kafka({ ...GOOD, tls: true, sasl: SASL, compression: "none", key: "user" }))).toBe(undefined);
  });

  it.each([
    [{ ...GOOD, brokers: [] }, "brokers: an array of addresses, given []"],
    [{ ...GOOD, brokers: "broker:9092" }, 'brokers: an array of addresses, given "broker:9092"'],
    [
      { ...GOOD, brokers: ["broker:9092", "broker"] },
      'brokers[1]: an address such as broker-1.example.com:9092, given "broker"',
    ],
    [
      { ...GOOD, topic: "a/b" },
      'topic: a name of up to 249 letters, digits, dots, hyphens and underscores, given "a/b"',
    ],
    [{ ...GOOD, topic: "." }, 'topic: a name of up to 249 letters, digits, dots, hyphens and underscores, given "."'],
    [{ ...GOOD, tls: "yes" }, 'tls: true or false, given "yes"'],
    [{ ...GOOD, compression: "zstd" }, 'compression: gzip or none, given "zstd"'],
    [{ ...GOOD, key: "path" }, 'key: one of session, anonymous, user, given "path"'],
    [
      { ...GOOD, toString: true },
      'toString: no fields but type, brokers, topic, tls, sasl, compression, key, given "this field"',
    ],
    [{ ...GOOD, sasl: null }, "sasl: an object with mechanism, username and passwordSecret, given null"],
    [
      { ...GOOD, sasl: { ...SASL, mechanism: "GSSAPI" } },
      'sasl.mechanism: one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, given "GSSAPI"',
    ],
    [{ ...GOOD, sasl: { ...SASL, username: "a\0b" } }, 'sasl.username: the name of a user, given "a\\u0000b"'],
    [{ ...GOOD, sasl: { ...SASL, username: "" } }, 'sasl.username: the name of a user, given ""'],
    [
      { ...GOOD, sasl: { ...SASL, password: "p" } },
      'sasl.password: no fields but mechanism, username, passwordSecret, given "this field"',
    ],
  ])("have an error that names the field: %j", (settings, error) => expect(errorOf(settings)).toBe(error));

  it("have an error that does not quote a password", () =>
    expect(errorOf({ ...GOOD, sasl: { ...SASL, passwordSecret: "my password" } })).toBe(
      'sasl.passwordSecret: the name of an environment variable, such as KAFKA_PASSWORD, given "another value"',
    ));
});

describe("the address of a broker", () => {
  it.each([
    ["broker-1.example.com:9092", { host: "broker-1.example.com", port: 9092 }],
    ["[::1]:9092", { host: "[::1]", port: 9092 }],
    ["broker", undefined],
    ["broker:0", undefined],
    ["broker:65536", undefined],
    ["https://broker:443", undefined],
  ])("%s is read", (text, expected) => expect(parseAddress(text)).toEqual(expected));
});
