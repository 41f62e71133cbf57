import type { ExpectSetting } from "../../settings/expect-setting.ts";
import { checkAddress, checkKnown, checkSecretName } from "../../settings/setting-checks.ts";
import type { KafkaSettings } from "../kafka/settings.ts";

/** Interfaces of proxies for Kafka. */
const APIS = ["confluent_v2", "confluent_v3", "redpanda"] as const;

/** Parts of a record that can be its key in Kafka. */
const KEYS = ["session", "anonymous", "user"] as const;

/** A topic of Kafka behind a proxy that speaks HTTP. */
export interface KafkaRestSettings {
  /** The proxy's interface: REST Proxy of Confluent in version 2 or 3, or the HTTP Proxy of Redpanda. */
  api: (typeof APIS)[number];
  /** Address of the proxy, such as `https://proxy.example.com`. */
  url: string;
  topic: string;
  /** Id of the cluster. Required with `confluent_v3`. */
  cluster?: string;
  /** Name of a user, for basic authentication. Default: none. */
  username?: string;
  /** Name of the secret (environment variable) that contains the user's password. */
  passwordSecret?: string;
  /** Name of the secret that contains a bearer token. Default: none. */
  tokenSecret?: string;
  /** The record's key, as that of the sink of Kafka. Default: `session`. */
  key?: KafkaSettings["key"];
}

const KNOWN: Record<keyof KafkaRestSettings, true> = {
  ...{ api: true, url: true, topic: true, cluster: true, username: true, passwordSecret: true, tokenSecret: true },
  ...{ key: true },
};

const isOneOf = (value: unknown, values: readonly string[]): boolean => values.includes(value as string);

/** Names of the secrets that settings name. */
export const kafkaRestSecrets = ({ passwordSecret, tokenSecret }: KafkaRestSettings): string[] =>
  [passwordSecret, tokenSecret].filter((name) => typeof name === "string");

const checkAuthentication = (settings: KafkaRestSettings, expect: ExpectSetting): void => {
  const { username, passwordSecret, tokenSecret } = settings;
  const isUser = username === undefined || (typeof username === "string" && /^[^:\p{Cc}]+$/u.test(username));
  expect(isUser, "username", "the name of a user, without a colon", username);
  const isComplete = (username === undefined) === (passwordSecret === undefined);
  expect(isComplete, "passwordSecret", "a name together with username", isComplete ? undefined : "only one of them");
  if (passwordSecret !== undefined) checkSecretName(passwordSecret, "passwordSecret", "KAFKA_PROXY_PASSWORD", expect);
  if (tokenSecret === undefined) return;
  checkSecretName(tokenSecret, "tokenSecret", "KAFKA_PROXY_TOKEN", expect);
  expect(username === undefined, "tokenSecret", "a token, or a user instead of it", "both");
};

/** Checks the settings of a sink of Kafka behind a proxy. */
export const checkKafkaRest = (settings: KafkaRestSettings, expect: ExpectSetting): void => {
  const { api, url, topic, cluster, key = "session" } = settings;
  checkKnown(settings, KNOWN, expect);
  expect(isOneOf(api, APIS), "api", `one of ${APIS.join(", ")}`, api);
  checkAddress(url, "url", expect);
  const isTopic = typeof topic === "string" && /^[\w.-]{1,249}$/.test(topic) && topic !== "." && topic !== "..";
  expect(isTopic, "topic", "a name of up to 249 letters, digits, dots, hyphens and underscores", topic);
  const hasCluster = api === "confluent_v3" ? /^[\w-]{1,80}$/.test(String(cluster ?? "")) : cluster === undefined;
  expect(hasCluster, "cluster", "the id of a cluster with confluent_v3, and none with another api", cluster);
  expect(isOneOf(key, KEYS), "key", `one of ${KEYS.join(", ")}`, key);
  checkAuthentication(settings, expect);
};
