import { setTimeout as sleep } from "node:timers/promises";
import { CompressionTypes, Partitioners } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { durationsOf } from "./durations.ts";
import { ALICE, type KafkaCluster, startKafka } from "./kafka/kafka-brokers.ts";
import { measureLag, proveKills } from "./kafka/prove-kafka.ts";
import { createTopic, readTopic, type TopicRecord } from "./kafka/read-topic.ts";

let kafka: KafkaCluster;
let worker: Workerd;

/**
 * @shows a Worker writes to three brokers, by SASL and by TLS; each acknowledged event arrives once and in order, through kills of the runtime and of brokers
 * @needs Java 17, Maven, and openssl; installs Kafka 4.4.0 (54 MB) once
 */
beforeAll(async () => {
  kafka = await startKafka();
  worker = await startWorkerd(
    new URL("workers/kafka-feed.ts", import.meta.url),
    { KAFKA_PASSWORD: ALICE.password, WRONG_PASSWORD: "wrong" },
    {},
    { objects: [{ name: "FEED", class_name: "Feed" }], authorities: [kafka.authority] },
  );
  console.log("Kafka 4.4.0, three brokers");
}, 600_000);
afterAll(async () => {
  await worker?.remove();
  await kafka?.stop();
});

interface Status {
  left: number;
  uncertain: number;
  refused: string[];
  reason: string | null;
}

interface TestEvent {
  session: string;
  seq: number;
  text?: string;
}

const idOf = ({ session, seq }: TestEvent) => `${session}/tab1/${seq}`;

const call = async (feed: string, method: string, body?: unknown): Promise<Status> => {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${worker.origin}/${feed}/${method}`, {
    ...request,
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Status;
};

/** Waits until the object has sent all records, or until another condition holds. */
const untilSent = async (feed: string, isOver = ({ left }: Status) => left === 0): Promise<Status> => {
  for (const deadline = Date.now() + 90_000; ; await sleep(50)) {
    const status = await call(feed, "status");
    if (isOver(status)) return status;
    if (Date.now() > deadline) throw new Error(`the feed is not done: ${JSON.stringify(status)}`);
  }
};

/** Creates a topic, and an object that sends to it. */
const begin = async (topic: string, partitions: number, settings: object = {}, config: Record<string, string> = {}) => {
  await createTopic(kafka.client, topic, partitions, config);
  const brokers = kafka.brokers.map(({ addresses }) => addresses.plain);
  await call(topic, "begin", { type: "kafka", brokers, topic, ...settings });
};

/** Reads a topic from its beginning to its present end. */
const read = (topic: string) => readTopic(kafka.client, topic);

/** Expects that the topic has each event once, and those of each session in order. */
const expectOnce = async (topic: string, events: readonly TestEvent[]): Promise<TopicRecord[]> => {
  const records = await read(topic);
  const ids = records.map(({ id }) => id);
  const counts = { records: ids.length, distinct: new Set(ids).size };
  expect(counts).toEqual({ records: events.length, distinct: events.length });
  expect(new Set(ids)).toEqual(new Set(events.map(idOf)));
  const latest = new Map<string, number>();
  for (const { id, key } of records) {
    const seq = Number(id.slice(id.lastIndexOf("/") + 1));
    expect(seq).toBeGreaterThan(latest.get(key) ?? 0);
    latest.set(key, seq);
  }
  return records;
};

/** Events of some sessions in turn. */
const eventsOf = (count: number, sessions = 20, from = 0): TestEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    session: `session ${(from + index) % sessions}`,
    seq: from + index + 1,
  }));

describe("a sink of Kafka in a Worker", { timeout: 180_000 }, () => {
  it.each(["gzip", "none"])("writes JSON with headers, with the compression %s", async (compression) => {
    const topic = `plain-${compression}`;
    await begin(topic, 3, { compression });
    await call(topic, "add", eventsOf(500));
    await untilSent(topic);
    const records = await expectOnce(topic, eventsOf(500));
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
    expect(records[0]?.headers).toMatchObject({ ce_type: "tidemark.event.custom", "content-type": "application/json" });
    expect(records.every(({ value }) => value.event.name === "order")).toBe(true);
  });

  it.each([
    ["PLAIN", "sasl"],
    ["SCRAM-SHA-256", "sasl"],
    ["SCRAM-SHA-512", "sasl"],
    ["PLAIN", "tls"],
    ["SCRAM-SHA-256", "tls"],
    ["SCRAM-SHA-512", "tls"],
  ] as const)("authenticates by %s over the listener %s", async (mechanism, listener) => {
    const topic = `${mechanism}-${listener}`;
    const brokers = kafka.brokers.map(({ addresses }) => addresses[listener]);
    const sasl = { mechanism, username: ALICE.username, passwordSecret: "KAFKA_PASSWORD" };
    await begin(topic, 3, { brokers, sasl, tls: listener === "tls" });
    await call(topic, "add", eventsOf(50));
    await untilSent(topic);
    await call(topic, "add", eventsOf(50, 20, 50));
    await untilSent(topic);
    await expectOnce(topic, eventsOf(100));
  });

  it.each([
    [
      "a wrong password",
      "sasl",
      { sasl: { mechanism: "SCRAM-SHA-256", username: "alice", passwordSecret: "WRONG_PASSWORD" } },
      /the authentication of alice with the secret WRONG_PASSWORD: SASL_AUTHENTICATION_FAILED/,
    ],
    ["no authentication", "sasl", {}, /check the settings tls and sasl/],
    ["no TLS", "tls", {}, /check the settings? tls/],
    [
      "TLS on a port without it",
      "plain",
      { tls: true },
      /check the address, and the setting tls|check the settings? tls/,
    ],
    ["an unknown topic", "plain", { topic: "absent" }, /topic absent: UNKNOWN_TOPIC_OR_PARTITION; create the topic/],
  ] as const)("names the reason for %s", async (name, listener, settings, reason) => {
    const topic = `reason-${name.replaceAll(" ", "-")}`;
    const brokers = kafka.brokers.map(({ addresses }) => addresses[listener]);
    await begin(topic, 1, { brokers, ...settings });
    await call(topic, "add", eventsOf(1));
    const status = await untilSent(topic, ({ reason }) => reason !== null);
    console.log(status.reason);
    expect(status.reason).toMatch(reason);
  });

  it("chooses the topic partitions of Kafka's own clients", async () => {
    await begin("keys", 7);
    const producer = kafka.client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const events = eventsOf(200, 100);
    await producer.send({ topic: "keys", messages: events.map(({ session }) => ({ key: session, value: "{}" })) });
    await producer.disconnect();
    await call("keys", "add", events);
    await untilSent("keys");
    const places = new Map<string, Set<number>>();
    for (const { key, partition } of await read("keys")) places.set(key, (places.get(key) ?? new Set()).add(partition));
    expect(places.size).toBe(100);
    expect([...places.values()].filter(({ size }) => size > 1)).toEqual([]);
  });

  it("uses added topic partitions", async () => {
    await begin("added", 1);
    await call("added", "add", eventsOf(50));
    await untilSent("added");
    const admin = kafka.client.admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: "added", count: 4 }] });
    await admin.disconnect();
    let sent = 50;
    for (let partitions = 1; partitions < 4; ) {
      await call("added", "add", eventsOf(20, 20, sent));
      sent += 20;
      await untilSent("added");
      partitions = new Set((await read("added")).map(({ partition }) => partition)).size;
    }
    const ids = (await read("added")).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(eventsOf(sent).map(idOf).toSorted());
  });

  it("continues in a topic that was deleted and created again", async () => {
    await begin("again", 3);
    await call("again", "add", eventsOf(60));
    await untilSent("again");
    const admin = kafka.client.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ["again"] });
    await admin.disconnect();
    await call("again", "add", eventsOf(60, 20, 60));
    const isWaiting = ({ reason }: Status) => reason?.includes("UNKNOWN_TOPIC_OR_PARTITION; create the topic") === true;
    await untilSent("again", isWaiting);
    await createTopic(kafka.client, "again", 3);
    await untilSent("again");
    await call("again", "add", eventsOf(60, 20, 120));
    expect((await untilSent("again")).uncertain).toBe(0);
    await expectOnce("again", eventsOf(120, 20, 60));
  });

  it("splits a batch that is too large, and refuses a record that is too large alone", async () => {
    await begin("large", 2, { compression: "none" }, { "max.message.bytes": "20000" });
    const events: TestEvent[] = eventsOf(300);
    const large = { session: "session 5", seq: 301, text: "x".repeat(30_000) };
    await call("large", "add", [...events, large, ...eventsOf(50, 20, 301)]);
    const { refused, uncertain } = await untilSent("large");
    expect(refused).toEqual([
      expect.stringMatching(/^session 5\/tab1\/301: .*MESSAGE_TOO_LARGE; raise max.message.bytes/),
    ]);
    expect(uncertain).toBe(0);
    await expectOnce("large", [...events, ...eventsOf(50, 20, 301)]);
  });

  it("delivers everything once while a broker is frozen, and after it", async () => {
    await begin("frozen", 6);
    await call("frozen", "add", eventsOf(60));
    await untilSent("frozen");
    const [, second] = kafka.brokers;
    second?.freeze();
    const frozenAt = Date.now();
    try {
      await call("frozen", "add", eventsOf(60, 20, 60));
      await untilSent("frozen");
    } finally {
      second?.thaw();
    }
    console.log(`frozen broker: all records sent after ${Date.now() - frozenAt} ms`);
    await call("frozen", "add", eventsOf(60, 20, 120));
    expect((await untilSent("frozen")).uncertain).toBe(0);
    await expectOnce("frozen", eventsOf(180));
  });

  it("follows the leaders when their broker is killed", async () => {
    await begin("leaders", 6);
    const [first] = kafka.brokers;
    await call("leaders", "add", eventsOf(60));
    await untilSent("leaders");
    await first?.kill();
    const killedAt = Date.now();
    await call("leaders", "add", eventsOf(60, 20, 60));
    const { uncertain } = await untilSent("leaders");
    console.log(`change of leaders: all records sent after ${Date.now() - killedAt} ms`);
    await first?.restart();
    expect(uncertain).toBe(0);
    await expectOnce("leaders", eventsOf(120));
  });
});

describe("the speed", { timeout: 120_000 }, () => {
  it.each([
    ["gzip", CompressionTypes.GZIP],
    ["none", CompressionTypes.None],
  ] as const)("with the compression %s is printed together with that of kafkajs in Node", async (compression, type) => {
    const topic = `speed-${compression}`;
    await begin(topic, 3);
    const [size, cuts, warmUp] = [2_000, 20, 5];
    const settings = {
      type: "kafka",
      brokers: kafka.brokers.map(({ addresses }) => addresses.plain),
      topic,
      compression,
    };
    const measure = async (count: number) => {
      const body = JSON.stringify({ settings, cuts: count, size });
      const before = await worker.cpuMs();
      const response = await fetch(`${worker.origin}/${topic}/measure`, { method: "POST", body });
      expect(response.ok).toBe(true);
      return { ms: (await response.json()) as number, cpuMs: (await worker.cpuMs()) - before };
    };
    await measure(warmUp);
    const ours = await measure(cuts);

    const [sample] = await read(topic);
    const messages = Array.from({ length: size }, (_, index) => {
      const headers = { ...sample?.headers, ce_id: `session ${index % 100}/tab1/${index + 1}` };
      return { key: `session ${index % 100}`, value: JSON.stringify({ ...sample?.value, id: headers.ce_id }), headers };
    });
    const producer = kafka.client.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const sendAll = async (count: number) => {
      const before = process.cpuUsage();
      const start = Date.now();
      for (let cut = 0; cut < count; cut++) await producer.send({ topic, compression: type, messages });
      const { user, system } = process.cpuUsage(before);
      return { ms: Date.now() - start, cpuMs: (user + system) / 1_000 };
    };
    await sendAll(warmUp);
    const theirs = await sendAll(cuts);
    await producer.disconnect();

    const bytes = messages[0]?.value.length;
    for (const [name, { ms, cpuMs }] of Object.entries({ Worker: ours, "kafkajs in Node": theirs })) {
      const perSecond = Math.round((size * cuts * 1_000) / ms);
      const cpu = ((cpuMs * 1_000) / (size * cuts)).toFixed(1);
      console.log(
        `${name}, ${compression}: ${perSecond} records of ${bytes} bytes a second, ${cpu} µs of processor a record`,
      );
    }
  });
});

/** Numbers of kills. */
const [RUNTIME_KILLS, BROKER_KILLS] = [60, 3];

describe("a collector with a topic as its sink", { timeout: 400_000 }, () => {
  it(`has each acknowledged event in the topic once and in order, when the runtime is killed ${RUNTIME_KILLS} times and brokers ${BROKER_KILLS} times`, async () => {
    const proven = await proveKills(kafka, "visits", { runtime: RUNTIME_KILLS, brokers: BROKER_KILLS });
    console.log(`${RUNTIME_KILLS} kills of the runtime and ${BROKER_KILLS} of brokers:`, proven);
  });

  it("has records in the topic within 2 s of the acknowledgement, at 50 batches a second", async () => {
    const lag = durationsOf(await measureLag(kafka, "lag", { visitors: 25, events: 5, pauseMs: 500 }));
    console.log("acknowledged to topic, 50 batches a second:", lag);
    expect(lag.p99).toBeLessThan(2_000);
  });
});
