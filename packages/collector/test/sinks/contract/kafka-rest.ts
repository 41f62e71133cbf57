import { createKafkaRestSink } from "../../../src/sinks/kafka-rest/create-kafka-rest-sink.ts";
import type { KafkaRestSettings } from "../../../src/sinks/kafka-rest/settings.ts";
import { eventRecord } from "../kafka/records.ts";
import { fakeProxy, proxyError } from "../kafka-rest/fake-proxy.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

/** The password of the user `tidemark`. */
const PROXY_PASSWORD = "secret of the proxy";

const UNAVAILABLE = 50003;

/** A proxy with the topic `events`, whose producer sends whatever it gets. */
export const createProxyTarget = (api: KafkaRestSettings["api"]): HttpFake & { failOnce(id: string): void } => {
  const proxy = fakeProxy(api, `Basic ${btoa(`tidemark:${PROXY_PASSWORD}`)}`);
  return {
    respond: proxy.fetch,
    unavailable: () => proxyError(503, UNAVAILABLE),
    stored: () => proxy.records.map(({ value }) => JSON.parse(value).id),
    failOnce: (id) => proxy.failing.set(`"id":"${id}"`, [UNAVAILABLE, "the message"]),
  };
};

const memberOf = (api: "confluent_v2" | "confluent_v3"): ContractMember => ({
  name: `Kafka by ${api}`,
  secrets: ["PROXY_PASSWORD"],
  refusedRecord: (seq) => eventRecord("refused", seq, { properties: { text: "x".repeat(1_100_000) } }),
  ...{ refusesAlone: true, failsAlone: true, asksForTime: true, isRepeating: true },
  async start() {
    const target = createProxyTarget(api);
    const server = await startHttpTarget(target);
    const sink = createKafkaRestSink({
      ...{ api, url: server.origin, topic: "events", username: "tidemark", passwordSecret: "PROXY_PASSWORD" },
      ...(api === "confluent_v3" ? { cluster: "cluster-1" } : {}),
    });
    return { ...target, ...server, sink, env: { PROXY_PASSWORD } };
  },
});

/** Topics of Kafka behind proxies of both versions. */
export const kafkaRestMembers: readonly ContractMember[] = [memberOf("confluent_v2"), memberOf("confluent_v3")];
