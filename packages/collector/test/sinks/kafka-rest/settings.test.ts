import { describe, expect, it } from "vitest";
import { checkKafkaRest } from "../../../src/sinks/kafka-rest/settings.ts";
import { settingsError } from "../attempts.ts";

const GOOD = { api: "redpanda", url: "https://proxy.example.com", topic: "events" };
const CLUSTER = "cluster: the id of a cluster with confluent_v3, and none with another api";

const errorOf = (settings: object) => settingsError(checkKafkaRest, settings);

describe("the settings of a sink of Kafka behind a proxy", () => {
  it.each([
    GOOD,
    { ...GOOD, api: "confluent_v2", key: "user" },
    { ...GOOD, api: "confluent_v3", cluster: "lkc-12345", url: "https://proxy.example.com/kafka/" },
    { ...GOOD, username: "tidemark", passwordSecret: "PROXY_PASSWORD" },
    { ...GOOD, tokenSecret: "PROXY_TOKEN" },
  ])("are complete: %j", (settings) => expect(errorOf(settings)).toBe(undefined));

  it.each([
    [{ ...GOOD, api: "v2" }, 'api: one of confluent_v2, confluent_v3, redpanda, given "v2"'],
    [
      { ...GOOD, url: "http://proxy.example.com" },
      'url: an address that begins with https://, without a user name, a password or a query, given "another value"',
    ],
    [
      { ...GOOD, topic: "a/b" },
      'topic: a name of up to 249 letters, digits, dots, hyphens and underscores, given "a/b"',
    ],
    [{ ...GOOD, api: "confluent_v3" }, `${CLUSTER}, given undefined`],
    [{ ...GOOD, cluster: "lkc-1" }, `${CLUSTER}, given "lkc-1"`],
    [{ ...GOOD, key: "page" }, 'key: one of session, anonymous, user, given "page"'],
    [{ ...GOOD, username: "a" }, 'passwordSecret: a name together with username, given "only one of them"'],
    [{ ...GOOD, username: "a:b", passwordSecret: "P" }, 'username: the name of a user, without a colon, given "a:b"'],
    [
      { ...GOOD, username: "a", passwordSecret: "my password" },
      'passwordSecret: the name of an environment variable, such as KAFKA_PROXY_PASSWORD, given "another value"',
    ],
    [
      { ...GOOD, tokenSecret: "my token" },
      'tokenSecret: the name of an environment variable, such as KAFKA_PROXY_TOKEN, given "another value"',
    ],
    [
      { ...GOOD, username: "a", passwordSecret: "P", tokenSecret: "T" },
      'tokenSecret: a token, or a user instead of it, given "both"',
    ],
    [
      { ...GOOD, acks: "all" },
      'acks: no fields but api, url, topic, cluster, username, passwordSecret, tokenSecret, key, given "this field"',
    ],
  ])("have an error that names the field: %j", (settings, error) => expect(errorOf(settings)).toBe(error));
});
