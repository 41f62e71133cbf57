import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKafkaRestSink } from "../../../src/sinks/kafka-rest/create-kafka-rest-sink.ts";
import type { KafkaRestSettings } from "../../../src/sinks/kafka-rest/settings.ts";
import type { Cut, Sink, SinkOutcome } from "../../../src/sinks/sink.ts";
import { contextOf, sendAll } from "../attempts.ts";
import { AT, cutOf, eventRecord } from "../kafka/records.ts";
import { type FakeProxy, fakeProxy, proxyError } from "./fake-proxy.ts";

const DELIVERED: SinkOutcome = { type: "delivered" };

const settingsOf = (api: KafkaRestSettings["api"], more: Partial<KafkaRestSettings> = {}): KafkaRestSettings => ({
  ...{ api, url: "https://proxy.example.com/", topic: "events" },
  ...(api === "confluent_v3" ? { cluster: "cluster-1" } : {}),
  ...more,
});

let proxy: FakeProxy;
let sink: Sink;
const begin = (settings: KafkaRestSettings, authorization: string | null = null) => {
  proxy = fakeProxy(settings.api, authorization);
  sink = createKafkaRestSink(settings);
  vi.spyOn(globalThis, "fetch").mockImplementation(proxy.fetch);
};
afterEach(() => {
  vi.restoreAllMocks();
});

const records = (count: number, text = "") =>
  Array.from({ length: count }, (_, index) => eventRecord(`session${index % 3}`, index + 1, { properties: { text } }));

const idsOf = ({ records: sent }: Cut) => sent.map(({ id }) => id);

const stored = () => proxy.records.map(({ value }) => JSON.parse(value).id);

const attempt = async (cut: Cut, env: object = {}) => (await sink.attempt(cut, undefined, contextOf(env))).outcomes;

describe.each(["confluent_v2", "confluent_v3", "redpanda"] as const)("a sink of Kafka by %s", (api) => {
  beforeEach(() => begin(settingsOf(api)));

  it("writes each record as JSON with its id, under the key of its session, as bytes", async () => {
    const cut = cutOf(records(7));
    expect(await attempt(cut)).toEqual(cut.records.map(() => DELIVERED));
    expect(proxy.records.map(({ key, value }) => ({ key, value }))).toEqual(
      expect.arrayContaining(
        cut.records.map(({ id, key, record }) => ({ key, value: JSON.stringify({ ...record, id }) })),
      ),
    );
    expect(proxy.records).toHaveLength(7);
    for (const key of ["session0", "session1", "session2"])
      expect(stored().filter((id) => id.startsWith(key))).toEqual(idsOf(cut).filter((id) => id.startsWith(key)));
  });

  it("has the key of the setting", async () => {
    begin(settingsOf(api, { key: "anonymous" }));
    await attempt(cutOf(records(1)));
    expect(proxy.records[0]?.key).toBe("browser of session0");
  });

  it("sends half of the records when a request is too large", async () => {
    const cut = cutOf(records(20, "x".repeat(1_000)));
    proxy.requestBytes = 10_000;
    expect(await attempt(cut)).toEqual(cut.records.map(() => DELIVERED));
    expect(stored().toSorted()).toEqual(idsOf(cut).toSorted());
    expect(proxy.requests).toBeGreaterThan(3);
  });

  it("sends nothing more in an attempt in which a request failed, and follows no redirect", async () => {
    const cut = cutOf(records(20, "x".repeat(1_000)));
    proxy.requestBytes = 25_000;
    proxy.faults.push(() => proxyError(503, 50301));
    const outcomes = await attempt(cut);
    expect(outcomes).toHaveLength(20);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ type: "retry" });
    expect(proxy.requests).toBe(2);
    expect(vi.mocked(fetch).mock.lastCall?.[1]).toMatchObject({ redirect: "manual" });
  });

  it("refuses a record that is too large alone, and delivers the others", async () => {
    const large = eventRecord("session1", 9, { properties: { text: "x".repeat(5_000) } });
    const cut = cutOf([...records(2), large, ...records(1)]);
    proxy.recordBytes = 4_000;
    const outcomes = await attempt(cut);
    expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "delivered", "refused", "delivered"]);
    expect(new Set(stored())).toEqual(new Set(idsOf(cut).filter((id) => id !== large.id)));
  });

  it("refuses a record that the proxy does not accept for its size", async () => {
    proxy.requestBytes = 1_000;
    const cut = cutOf(records(1, "x".repeat(2_000)));
    const reason = "the proxy responded with status 413";
    expect(await attempt(cut)).toEqual([{ type: "refused", reason }]);
  });

  it.each([
    ["a topic that does not exist", () => proxyError(404, 40401), "status 404: error 40401: the message"],
    ["a user without permission", () => proxyError(403, 40301), "status 403: error 40301: the message"],
    ["an error that may pass", () => proxyError(500, 50003), "status 500: error 50003: the message"],
    ["a failure of a gateway", () => new Response("text", { status: 502 }), "status 502"],
    ["a redirect", () => new Response(null, { status: 307, headers: { location: "/" } }), "status 307"],
    ["a response that is not JSON", () => new Response("text"), "status 200"],
    ["a response without results", () => Response.json({ offsets: [] }), "the proxy responded with"],
    ["an error with status 200", () => proxyError(200, 42207), "the proxy responded with"],
  ])("sends all records again after %s", async (_, fault, reason) => {
    proxy.faults.push(fault);
    const cut = cutOf(records(3));
    const [first, second] = await sendAll(sink, cut, {});
    const retried = { type: "retry", reason: expect.stringContaining(reason) };
    expect(first).toMatchObject({ 0: retried, 1: retried, 2: retried });
    expect(second).toEqual({ 0: DELIVERED, 1: DELIVERED, 2: DELIVERED });
    expect(stored().toSorted()).toEqual(idsOf(cut).toSorted());
  });

  it("authenticates with a password or a token, and sends nothing without it", async () => {
    begin(settingsOf(api, { username: "tidemark", passwordSecret: "PASSWORD" }), `Basic ${btoa("tidemark:swordfish")}`);
    const missing = { type: "retry", reason: "the secret PASSWORD is not set" };
    expect(await attempt(cutOf(records(1)))).toEqual([missing]);
    expect(proxy.requests).toBe(0);
    expect(await attempt(cutOf(records(1)), { PASSWORD: "swordfish" })).toEqual([DELIVERED]);
    expect(await attempt(cutOf(records(1)), { PASSWORD: "wrong" })).toMatchObject([{ type: "retry" }]);
    begin(settingsOf(api, { tokenSecret: "TOKEN" }), "Bearer swordfish");
    expect(await attempt(cutOf(records(1)), { TOKEN: "swordfish" })).toEqual([DELIVERED]);
  });
});

describe.each([
  ["confluent_v2", [50003, 2, 40401, 50002]],
  ["confluent_v3", [50003, 429, 40403, 500]],
] as const)("a sink of Kafka by %s, which reports each record", (api, codes) => {
  it.each(codes)("sends the records again that fail with error %d, and no others", async (code) => {
    begin(settingsOf(api));
    proxy.failing.set('"seq":2,', [code, "the message"]);
    const cut = cutOf(records(4));
    const [first, second] = await sendAll(sink, cut, {});
    const retried = { type: "retry", reason: `the proxy responded with error ${code}: the message` };
    expect(first).toEqual({ 0: DELIVERED, 1: retried, 2: DELIVERED, 3: DELIVERED });
    expect(second).toEqual({ 1: DELIVERED });
    expect(stored().toSorted()).toEqual(idsOf(cut).toSorted());
  });
});

describe("a sink of Kafka by confluent_v2", () => {
  it("reads the results of records when one of them sets the status of the response", async () => {
    begin(settingsOf("confluent_v2"));
    proxy.failing.set('"seq":2,', [40301, "the message"]);
    const outcomes = await attempt(cutOf(records(3)));
    expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "retry", "delivered"]);
  });
});

describe("a sink of Kafka by confluent_v3", () => {
  beforeEach(() => begin(settingsOf("confluent_v3")));

  it("writes the attributes of CloudEvents in headers, and the time of the cut", async () => {
    await attempt(cutOf(records(1)));
    expect(proxy.records[0]).toMatchObject({
      headers: {
        ce_specversion: "1.0",
        ce_id: "session0/tab1/1",
        ce_source: "/sites/shop",
        ce_type: "tidemark.event.custom",
      },
      timestamp: new Date(AT).toISOString(),
    });
  });

  it("sends the records again whose reports are missing at the end of a response", async () => {
    proxy.faults.push((store) => {
      const whole = store();
      return new Response(
        new ReadableStream({
          async start(controller) {
            const text = await whole.text();
            controller.enqueue(new TextEncoder().encode(text.slice(0, text.lastIndexOf('{"error_code"') + 20)));
            controller.close();
          },
        }),
      );
    });
    const outcomes = await attempt(cutOf(records(3)));
    expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "delivered", "retry"]);
  });
});

describe("a sink of Kafka by redpanda", () => {
  it("sends all records of a request again when a topic partition fails, because the result names no record", async () => {
    begin(settingsOf("redpanda"));
    proxy.failing.set('"seq":2,', [6, ""]);
    const cut = cutOf(records(4));
    const [first] = await sendAll(sink, cut, {});
    expect(first?.[0]).toEqual({ type: "retry", reason: "the proxy responded with error 6 of Kafka" });
    expect(new Set(stored())).toEqual(new Set(idsOf(cut)));
  });
});
