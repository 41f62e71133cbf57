import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../../src/env.ts";
import { kafkaSink } from "../../../src/sinks/kafka/kafka-sink.ts";
import type { KafkaState } from "../../../src/sinks/kafka/plan.ts";
import { type KafkaSettings, kafka } from "../../../src/sinks/kafka/settings.ts";
import type { Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "../../../src/sinks/sink.ts";
import { type FakeCluster, openNodeSocket, startFakeCluster } from "./fake-cluster.ts";
import { AT, cutOf, eventRecord } from "./records.ts";

let cluster: FakeCluster;
const start = async (brokers = 1, partitions = 1) => {
  cluster = await startFakeCluster(brokers, partitions);
};
beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: AT }));
afterEach(async () => {
  vi.useRealTimers();
  await cluster.stop();
});

const sinkOf = (more: Partial<KafkaSettings> = {}) =>
  kafkaSink(kafka({ brokers: cluster.brokers, topic: "events", ...more }), openNodeSocket);

const context = (env: object = {}, signal = new AbortController().signal): SinkContext => ({
  ...{ env: env as Env, signal, site: "shop", partition: 0 },
});

/** The caller of a sink: it commits a state with the outcomes, and sends a cut until no record is pending. */
class Caller {
  sink: Sink<KafkaState>;
  env: object = {};
  /** A copy, as after a restart. */
  state: KafkaState | undefined;
  outcomes: (SinkOutcome | undefined)[] = [];
  uncertain = 0;

  constructor(sink: Sink<KafkaState> = sinkOf()) {
    this.sink = sink;
  }

  async plan(cut: Cut) {
    this.outcomes = [];
    this.#commit(await this.sink.plan?.(cut, this.state, context(this.env)));
  }

  #commit(state: KafkaState | undefined) {
    if (state) this.state = JSON.parse(JSON.stringify(state));
  }

  /** One attempt, without the commit of its result if the caller fails in between. Returns the outcomes. */
  async attempt(cut: Cut, { commits = true, signal = new AbortController().signal } = {}): Promise<SinkOutcome[]> {
    const pending = cut.pending.filter((index) => (this.outcomes[index]?.type ?? "retry") === "retry");
    const {
      outcomes,
      state,
      uncertain = 0,
    } = await this.sink.attempt({ ...cut, pending }, this.state, context(this.env, signal));
    expect(outcomes).toHaveLength(pending.length);
    if (!commits) return outcomes;
    this.#commit(state);
    this.uncertain += uncertain;
    for (const [position, index] of pending.entries()) this.outcomes[index] = outcomes[position];
    return outcomes;
  }

  /** Plans and sends a cut. Returns the number of attempts. */
  async send(cut: Cut): Promise<number> {
    await this.plan(cut);
    return this.finish(cut);
  }

  /** Sends the rest of a cut. Returns the number of attempts. */
  async finish(cut: Cut): Promise<number> {
    for (let attempts = 1; attempts < 50; attempts++)
      if ((await this.attempt(cut)).every(({ type }) => type !== "retry")) return attempts;
    throw new Error(`the cut was not sent: ${JSON.stringify(this.outcomes.slice(0, 3))}`);
  }
}

const records = (count: number, sessions = 7, from = 1): SinkRecord[] =>
  Array.from({ length: count }, (_, index) => eventRecord(`session ${(from + index) % sessions}`, from + index));

/** A record of one of twenty sessions, with a text. */
const textRecord = (index: number, text = ""): SinkRecord =>
  eventRecord(`session ${index % 20}`, index + 1, { properties: { text } });

const idsIn = (stored: { headers: Record<string, string> }[]) => stored.map(({ headers }) => headers.ce_id);

/** Expects that the cluster has each record once, and those of each session in order. */
const expectOnce = (expected: readonly SinkRecord[]) => {
  const stored = cluster.records();
  expect(idsIn(stored).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
  for (const session of new Set(expected.map(({ key }) => key))) {
    const own = (ids: (string | undefined)[]) => ids.filter((id) => id?.startsWith(`${session}/`));
    expect(own(idsIn(stored))).toEqual(own(expected.map(({ id }) => id)));
  }
};

describe("a sink of Kafka", () => {
  it("writes JSON with the attributes of CloudEvents in headers, and the time of the cut", async () => {
    await start();
    await new Caller().send(cutOf([eventRecord("s1", 3)]));
    const { record } = eventRecord("s1", 3);
    expect(cluster.records()).toEqual([
      {
        key: "s1",
        value: { ...JSON.parse(JSON.stringify(record)), id: "s1/tab1/3" },
        headers: {
          ce_specversion: "1.0",
          ce_id: "s1/tab1/3",
          ce_source: "/sites/shop",
          ce_type: "tidemark.event.custom",
          ce_time: "2026-11-20T08:59:55.000Z",
          "content-type": "application/json",
        },
        timestamp: AT,
      },
    ]);
  });

  it.each([
    ["session", {}, "s1"],
    ["anonymous", {}, "browser of s1"],
    ["user", {}, "browser of s1"],
    ["user", { user_id: "ada" }, "ada"],
    ["user", { anonymous_id: undefined }, "s1"],
  ] as const)("has the key of the setting: %s of an event with %j", async (key, event, expected) => {
    await start();
    await new Caller(sinkOf({ key })).send(cutOf([eventRecord("s1", 1, event)]));
    expect(cluster.records()[0]?.key).toBe(expected);
  });

  it("writes vectors and other records of the log", async () => {
    await start();
    const position = { site: "shop", partition: 0, offset: 9, arrival: 4, received_at: AT - 1_000 };
    const vector = {
      kind: "vector",
      ...position,
      session_id: "s1",
      anonymous_id: "b",
      id: "s1",
      closed_at: AT - 2_000,
    };
    const drift = { kind: "drift", ...position, payload: {} };
    const all = [vector, drift].map((record, index) => ({ id: `shop/0/${index}`, key: "shop", record }));
    await new Caller().send(cutOf(all as unknown as SinkRecord[]));
    expect(cluster.records().map(({ headers, value }) => [headers.ce_type, headers.ce_time, value.id])).toEqual([
      ["tidemark.vector", "2026-11-20T08:59:58.000Z", "shop/0/0"],
      ["tidemark.drift", "2026-11-20T08:59:59.000Z", "shop/0/1"],
    ]);
  });

  it("writes each record once, and those of a session in order, over many cuts, brokers and topic partitions", async () => {
    await start(6, 13);
    const caller = new Caller();
    const all = records(400, 60);
    for (let from = 0; from < 400; from += 100) await caller.send(cutOf(all.slice(from, from + 100), `cut ${from}`));
    expectOnce(all);
    expect(caller.uncertain).toBe(0);
  });

  it("closes its connections, of which at most four are open at a time", async () => {
    await start(6, 12);
    let open = 0;
    let most = 0;
    const sink = kafkaSink(kafka({ brokers: cluster.brokers, topic: "events" }), async (...args) => {
      const socket = await openNodeSocket(...args);
      most = Math.max(most, ++open);
      return { ...socket, close: () => socket.close().finally(() => open--) };
    });
    await new Caller(sink).send(cutOf(records(200, 60)));
    expect(most).toBe(4);
    expect(open).toBe(0);
    await vi.waitFor(() => expect(cluster.connections.filter(({ isOpen }) => isOpen)).toEqual([]));
  });

  it("needs one connection for a further cut to one broker", async () => {
    await start();
    const caller = new Caller();
    await caller.send(cutOf(records(5), "first"));
    cluster.connections.length = 0;
    await caller.send(cutOf(records(5, 7, 6), "second"));
    expect(cluster.connections.map(({ requests }) => requests)).toEqual([["Produce"]]);
  });

  it("begins with the broker that answered last", async () => {
    await start();
    const ports: number[] = [];
    const sink = kafkaSink(kafka({ brokers: ["127.0.0.1:1", ...cluster.brokers], topic: "events" }), (address, tls) => {
      ports.push(address.port);
      return openNodeSocket(address, tls);
    });
    const caller = new Caller(sink);
    await caller.send(cutOf(records(5), "first"));
    vi.setSystemTime(AT + 31_000);
    await caller.send(cutOf(records(5, 7, 6), "second"));
    expect(ports.filter((port) => port === 1)).toHaveLength(1);
    expectOnce(records(10));
  });

  it("uses added topic partitions from a cut half a minute later", async () => {
    await start(1, 1);
    const caller = new Caller();
    const all = records(60, 20);
    await caller.send(cutOf(all.slice(0, 20), "first"));
    cluster.addPartitions(2);
    await caller.send(cutOf(all.slice(20, 40), "second"));
    expect(cluster.partitions.map((each) => each.records.length)).toEqual([40, 0, 0]);
    vi.setSystemTime(AT + 31_000);
    await caller.send(cutOf(all.slice(40), "third"));
    expect(cluster.partitions.every((each) => each.records.length > 0)).toBe(true);
    expectOnce(all);
  });
});

describe("a sink of Kafka after a failure", () => {
  it.each([
    ["the answer is lost after the batch is stored", "lost answer"],
    ["the connection is closed before", "closed"],
    ["the broker says NOT_ENOUGH_REPLICAS", 19],
    ["the broker says NOT_LEADER_OR_FOLLOWER", 6],
    ["the broker says an unknown error", 1234],
  ] as const)("stores each record once when %s", async (_, fault) => {
    await start(1, 3);
    const caller = new Caller();
    const all = records(60);
    await caller.send(cutOf(all.slice(0, 20), "first"));
    cluster.faults.push(fault);
    await caller.send(cutOf(all.slice(20, 40), "second"));
    await caller.send(cutOf(all.slice(40), "third"));
    expectOnce(all);
    expect(caller.uncertain).toBe(0);
  });

  it("is done when the broker has the batch already", async () => {
    await start();
    const caller = new Caller();
    const cut = cutOf(records(5));
    await caller.plan(cut);
    // The answer is lost with the caller.
    await caller.attempt(cut, { commits: false });
    cluster.faults.push(46);
    expect(await caller.finish(cut)).toBe(1);
    expectOnce(cut.records);
  });

  it("sends a cut to the same topic partitions after a restart, although others were added", async () => {
    await start(2, 2);
    const caller = new Caller();
    const cut = cutOf(records(50, 30));
    await caller.plan(cut);
    await caller.attempt(cut, { commits: false });
    cluster.addPartitions(5);
    caller.sink = sinkOf();
    await caller.finish(cut);
    expectOnce(cut.records);
    expect(cluster.partitions.slice(2).every((each) => each.records.length === 0)).toBe(true);
  });

  it("finds the new leader in the attempt that fails, and keeps the rest of the cut as it is", async () => {
    await start(3, 6);
    const caller = new Caller();
    const all = records(120, 40);
    await caller.send(cutOf(all.slice(0, 60), "first"));
    for (const partition of cluster.partitions) partition.leader = (partition.leader + 1) % 3;
    expect(await caller.send(cutOf(all.slice(60, 90), "second"))).toBe(1);
    await cluster.kill(0);
    expect(await caller.send(cutOf(all.slice(90), "third"))).toBe(1);
    expectOnce(all);
  });

  it("names the reason when no broker can be reached, plans the cut later, and sends it then", async () => {
    await start(2, 2);
    const caller = new Caller(sinkOf({ brokers: ["127.0.0.1:1", ...cluster.brokers] }));
    const cut = cutOf(records(10));
    caller.sink = sinkOf({ brokers: ["127.0.0.1:1"] });
    await caller.plan(cut);
    const [outcome] = await caller.attempt(cut);
    expect(outcome).toMatchObject({
      type: "retry",
      reason: expect.stringContaining("broker 127.0.0.1:1: the connection"),
    });
    expect(outcome).not.toHaveProperty("afterMs");
    caller.sink = sinkOf({ brokers: ["127.0.0.1:1", ...cluster.brokers] });
    const [planned] = await caller.attempt(cut);
    expect(planned).toMatchObject({ type: "retry", afterMs: 0 });
    expect(await caller.finish(cut)).toBe(1);
    expectOnce(cut.records);
  });

  it("repeats the request for a producer id", async () => {
    await start();
    const caller = new Caller();
    cluster.producerIdErrors.push(14, 14);
    const cut = cutOf(records(3));
    await caller.send(cut);
    expectOnce(cut.records);
  });

  it("keeps the time of an attempt when a broker does not respond, and delivers to the others", async () => {
    await start(2, 2);
    const caller = new Caller();
    const cut = cutOf(records(40, 20));
    await caller.plan(cut);
    cluster.frozen.add(1);
    const end = new AbortController();
    const attempting = caller.attempt(cut, { signal: end.signal });
    await vi.waitFor(() => expect(cluster.partitions[0]?.records.length).toBeGreaterThan(0));
    end.abort();
    const outcomes = await attempting;
    expect(outcomes).toContainEqual({
      type: "retry",
      reason: expect.stringContaining("no answer within the time of the attempt"),
    });
    cluster.frozen.clear();
    await caller.finish(cut);
    expectOnce(cut.records);
  });

  it("splits a batch that is too large, and sends its parts after the commit", async () => {
    await start(1, 2);
    const caller = new Caller(sinkOf({ compression: "none" }));
    cluster.maxBatchBytes = 1_500;
    const cut = cutOf(records(21, 7), "first");
    await caller.plan(cut);
    const outcomes = await caller.attempt(cut, { commits: false });
    expect(outcomes[0]).toMatchObject({
      type: "retry",
      afterMs: 0,
      reason: expect.stringContaining("MESSAGE_TOO_LARGE"),
    });
    expect(cluster.records()).toEqual([]);
    await caller.finish(cut);
    await caller.send(cutOf(records(3, 3, 22), "second"));
    expectOnce([...cut.records, ...records(3, 3, 22)]);
  });

  it("keeps the order of a topic partition with a split batch while the leader of another one changes", async () => {
    await start(2, 2);
    const caller = new Caller(sinkOf({ compression: "none" }));
    cluster.maxBatchBytes = 25_000;
    const texts = ["x".repeat(3_000), ""];
    const cut = cutOf(Array.from({ length: 40 }, (_, index) => textRecord(index, texts[Math.floor(index / 20)])));
    await caller.plan(cut);
    await caller.attempt(cut);
    // The second part alone fits.
    cluster.maxBatchBytes = 8_000;
    for (const partition of cluster.partitions) partition.leader = 0;
    await caller.attempt(cut);
    await caller.finish(cut);
    expectOnce(cut.records);
    expect(caller.uncertain).toBe(0);
  });

  it("refuses a record that is too large alone, or invalid, and sends the records before and after it", async () => {
    await start();
    const caller = new Caller(sinkOf({ compression: "none" }));
    cluster.maxBatchBytes = 5_000;
    cluster.invalidText = "wrong";
    const all = records(9);
    all[3] = eventRecord("large", 4, { properties: { text: "x".repeat(6_000) } });
    all[6] = eventRecord("invalid", 7, { properties: { text: "wrong" } });
    const cut = cutOf(all, "first");
    await caller.send(cut);
    expect(caller.outcomes[3]).toEqual({
      type: "refused",
      reason: "topic partition events-0: MESSAGE_TOO_LARGE; raise max.message.bytes of the topic",
    });
    expect(caller.outcomes[6]).toMatchObject({ type: "refused", reason: expect.stringContaining("INVALID_RECORD") });
    await caller.send(cutOf(records(5, 7, 10), "second"));
    expectOnce([...all.filter((_, index) => index !== 3 && index !== 6), ...records(5, 7, 10)]);
    expect(caller.uncertain).toBe(0);
  });

  it("gets a new producer id when a broker does not know the sequence, and counts the records that may be twice", async () => {
    await start(1, 2);
    const caller = new Caller();
    await caller.send(cutOf(records(10), "first"));
    const before = caller.state?.producer?.id;
    cluster.faults.push(45);
    await caller.send(cutOf(records(10, 7, 11), "second"));
    expect(caller.uncertain).toBe(10);
    expect(caller.state?.producer?.id).not.toBe(before);
    await caller.send(cutOf(records(10, 7, 21), "third"));
    expect(caller.uncertain).toBe(10);
    expectOnce(records(30));
  });

  it("counts the records of a cut that is older than the memory of the brokers", async () => {
    await start();
    const caller = new Caller();
    const cut = cutOf(records(4));
    await caller.plan(cut);
    vi.setSystemTime(AT + 86_400_001);
    await caller.finish(cut);
    expect(caller.uncertain).toBe(4);
  });

  it("gets a new producer id for a cut after one that was given up", async () => {
    await start();
    const caller = new Caller();
    await caller.send(cutOf(records(5), "first"));
    await caller.plan(cutOf(records(5, 7, 6), "given up"));
    await caller.send(cutOf(records(5, 7, 11), "next"));
    expectOnce([...records(5), ...records(5, 7, 11)]);
    expect(caller.uncertain).toBe(0);
  });

  it("sends a cut with the range of an earlier one again, as a replay needs it", async () => {
    await start(1, 2);
    const caller = new Caller();
    const cut = cutOf(records(8), "same");
    await caller.send(cut);
    await caller.send(cutOf(records(8), "same", AT + 1));
    expect(cluster.records()).toHaveLength(16);
    await caller.plan(cut);
    await caller.send(cut);
    expect(cluster.records()).toHaveLength(24);
    expect(caller.uncertain).toBe(0);
  });

  it.each(["a new cut", "a cut in flight"])("gets a producer id of its own from another cluster: %s", async (which) => {
    await start();
    const caller = new Caller();
    const cut = cutOf(records(5, 7, 11), "moved");
    await caller.send(cutOf(records(5), "first"));
    if (which === "a cut in flight") await caller.plan(cut);
    await cluster.stop();
    await start();
    // Another producer has the same id there, and has sent as many records.
    const other = new Caller();
    await other.send(cutOf(records(5), "first"));
    await other.send(cutOf(records(5, 7, 6), "second"));
    expect(other.state?.producer?.id).toBe(caller.state?.producer?.id);
    caller.sink = sinkOf();
    if (which === "a cut in flight") await caller.finish(cut);
    else await caller.send(cut);
    expectOnce(records(15));
    expect(caller.uncertain).toBe(0);
  });

  it("plans a cut for which it has no plan", async () => {
    await start(1, 2);
    const caller = new Caller();
    await caller.send(cutOf(records(8), "first"));
    caller.outcomes = [];
    await caller.finish(cutOf(records(8, 7, 9), "second"));
    caller.outcomes = [];
    await caller.finish(cutOf(records(8, 7, 17), "second"));
    expectOnce(records(24));
  });

  it("waits for topic partitions that a broker does not know yet", async () => {
    await start(1, 6);
    const caller = new Caller();
    const cut = cutOf(records(40, 30));
    await caller.plan(cut);
    const partitions = cluster.partitions.splice(1);
    caller.sink = sinkOf();
    expect(await caller.attempt(cut)).toContainEqual({
      type: "retry",
      reason: expect.stringMatching(/^topic events has no topic partition \d$/),
    });
    cluster.partitions.push(...partitions);
    caller.sink = sinkOf();
    await caller.finish(cut);
    expectOnce(cut.records);
    expect(caller.uncertain).toBe(0);
  });

  it("assigns the records of topic partitions that stay away to others", async () => {
    await start(1, 6);
    const caller = new Caller();
    const cut = cutOf(records(40, 30));
    await caller.plan(cut);
    cluster.partitions.length = 1;
    caller.sink = sinkOf();
    vi.setSystemTime(AT + 300_001);
    await caller.finish(cut);
    expect(new Set(idsIn(cluster.records()))).toEqual(new Set(cut.records.map(({ id }) => id)));
    expect(cluster.partitions).toHaveLength(1);
  });

  it("sends no more batches before a commit than a broker recognises", async () => {
    await start();
    const caller = new Caller();
    const cut = cutOf(records(30));
    await caller.plan(cut);
    // As after many splits.
    const batches = cut.pending.map((index) => ({ partition: 0, sequence: index, records: [index] }));
    caller.state = { ...(caller.state as KafkaState), batches };
    await caller.attempt(cut, { commits: false });
    await caller.attempt(cut, { commits: false });
    expect(cluster.records()).toHaveLength(5);
    await caller.finish(cut);
    expectOnce(cut.records);
    expect(caller.uncertain).toBe(0);
  });
});

describe("the reason of a sink of Kafka", () => {
  const reasonOf = async (more: Partial<KafkaSettings>, env: object = {}) => {
    const caller = new Caller(sinkOf(more));
    caller.env = env;
    const cut = cutOf(records(1));
    await caller.plan(cut);
    const [outcome] = await caller.attempt(cut);
    expect(outcome).not.toHaveProperty("afterMs");
    return outcome?.type === "retry" ? outcome.reason : outcome?.type;
  };
  const sasl = { mechanism: "PLAIN", username: "alice", passwordSecret: "KAFKA_PASSWORD" } as const;

  it("names the absent secret", async () => {
    await start();
    expect(await reasonOf({ sasl })).toBe(
      "the secret KAFKA_PASSWORD is not set: set it, or correct sasl.passwordSecret",
    );
  });

  it("names the user and the secret of a wrong password, which it sends to one broker only", async () => {
    await start(3);
    cluster.user = { username: "alice", password: "right" };
    expect(await reasonOf({ sasl }, { KAFKA_PASSWORD: "wrong" })).toBe(
      "the authentication of alice with the secret KAFKA_PASSWORD: SASL_AUTHENTICATION_FAILED (Authentication failed: Invalid username or password); check the setting sasl.username, and the password in the secret",
    );
    expect(new Set(cluster.connections.map(({ broker }) => broker))).toEqual(new Set([0]));
  });

  it("names the mechanisms of the broker", async () => {
    await start();
    cluster.user = { username: "alice", password: "right" };
    expect(await reasonOf({ sasl: { ...sasl, mechanism: "SCRAM-SHA-512" } }, { KAFKA_PASSWORD: "right" })).toBe(
      "SASL by SCRAM-SHA-512: UNSUPPORTED_SASL_MECHANISM (the broker has PLAIN); change the setting sasl.mechanism",
    );
  });

  it("names the settings of a connection that the broker closes", async () => {
    await start();
    cluster.user = { username: "alice", password: "right" };
    expect(await reasonOf({})).toMatch(
      /Metadata failed .*the broker closed the connection; check the settings tls and sasl/,
    );
  });

  it.each([
    [3, "topic events: UNKNOWN_TOPIC_OR_PARTITION; create the topic unless it is being created"],
    [29, "topic events: TOPIC_AUTHORIZATION_FAILED; permit the user WRITE and DESCRIBE of the topic"],
  ])("names the necessary change of the topic: error %i", async (code, reason) => {
    await start();
    cluster.topicError = code;
    expect(await reasonOf({})).toBe(reason);
  });

  it("is that of the broker that refuses the batch, and sends it after the change", async () => {
    await start();
    const caller = new Caller();
    const cut = cutOf(records(2));
    await caller.plan(cut);
    cluster.faults.push(29);
    expect(await caller.attempt(cut)).toContainEqual({
      type: "retry",
      reason: "topic partition events-0: TOPIC_AUTHORIZATION_FAILED; permit the user WRITE and DESCRIBE of the topic",
    });
    await caller.finish(cut);
    expectOnce(cut.records);
  });
});

describe("any failures of brokers and callers", () => {
  const faults = fc.constantFrom("lost answer", "closed", 6, 7, 19, 56, 0, 0, 0) as fc.Arbitrary<
    "lost answer" | number
  >;
  const steps = fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 30 }),
      faults: fc.array(faults, { maxLength: 6 }),
      crashes: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it("leave each record once, and those of a session in order", () =>
    fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1_500, max: 10_000 }), async (each, maxBatchBytes) => {
        await start(2, 3);
        cluster.maxBatchBytes = maxBatchBytes;
        const newSink = () => sinkOf({ compression: "none" });
        const caller = new Caller(newSink());
        const all: SinkRecord[] = [];
        for (const { size, faults, crashes } of each) {
          const own = records(size, 5, all.length + 1);
          const cut = cutOf(own, `cut ${all.length}`);
          await caller.plan(cut);
          cluster.faults.push(...faults);
          for (let crash = 0; crash < crashes; crash++) {
            await caller.attempt(cut, { commits: crash % 2 === 1 });
            if (crash % 2 === 0) caller.sink = newSink();
          }
          await caller.finish(cut);
          expect(caller.outcomes.every((outcome) => outcome?.type === "delivered")).toBe(true);
          all.push(...own);
        }
        expectOnce(all);
        expect(caller.uncertain).toBe(0);
        await cluster.stop();
      }),
      { numRuns: 15 },
    ));
});
