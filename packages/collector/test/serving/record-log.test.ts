import { sessionFeatures } from "@tidemark/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineConfig } from "../../src/config.ts";
import type { Env } from "../../src/env.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import { serve } from "../../src/serving/reader.ts";
import { createRecordLog, type RecordLog } from "../../src/serving/record-log.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

const set = { entity: "session", features: ["event_count"] };
const siteOf = (id: string) => ({
  ...{ id, key: `tm_${id}_aaaaaaaa`, origins: ["https://shop.example"], readKeySecret: `${id.toUpperCase()}_READ_KEY` },
});
const tenants = createTenants(
  defineConfig({
    // A site for each test, because the depth of a site's partitions is known to all of an isolate.
    sites: [
      ...Array.from({ length: 10 }, (_, number) => ({ ...siteOf(`shop${number}`), log: { days: 7 } })),
      siteOf("blog"),
    ],
    adminKeySecret: "ADMIN_KEY",
    features: sessionFeatures,
    featureSets: [
      { ...set, name: "intent", version: 1, log: true },
      { ...set, name: "intent", version: 2 },
      { ...set, name: "sampled", version: 1, log: 0.3 },
    ],
  }),
);

/** A call of a partition. */
interface Call {
  partition: string;
  sender: { id: string; hash: number };
  text: string;
  frames: Uint8Array;
}

let calls: Call[];
let respond: (call: number) => { depth: number; isMoved?: true };
let records: RecordLog;
let sites = 0;
let siteId: string;

const bindings = {
  PARTITION: {
    getByName: (partition: string) => ({
      apply: async (_site: string, _number: number, sender: Call["sender"], text: string, frames: Uint8Array) => {
        calls.push({ partition, sender, text, frames });
        return respond(calls.length);
      },
    }),
  },
} as unknown as Env;

const add = (id: string, { name = "intent", version = 1, from = siteId } = {}) =>
  serve(
    { env: bindings, tenant: tenantOf(tenants, from), caller: "page", records },
    {
      ...{ entity: "session", id, event_time: 1, watermark: 1, age_ms: 1, definition_version: "v", late: 0 },
      ...{ too_late: 0, set: { name, version, hash: "h" }, features: { event_count: 1 } },
    },
    undefined,
  );

const recordsIn = ({ frames }: Call) =>
  [...unpackRecords(frames)].map((record) => {
    if (record.kind !== "served_vector") throw new Error(`expected a served vector; given ${record.kind}`);
    return { id: record.payload.id, arrival: record.arrival, received_at: record.received_at };
  });
const idsIn = (call: Call) => recordsIn(call).map(({ id }) => id);
const pushIn = ({ text }: Call) => (JSON.parse(text) as [{ n: number }])[0].n;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.stubGlobal("scheduler", { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
  vi.spyOn(console, "error").mockReturnValue();
  calls = [];
  respond = () => ({ depth: 0 });
  records = createRecordLog();
  siteId = `shop${sites++}`;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const flush = async (): Promise<void> => {
  const flushed = records.flush(bindings);
  await vi.advanceTimersByTimeAsync(1_000);
  await flushed;
};

describe("the log of served vectors", () => {
  it("has the vectors of each set by its share, in its version, at the time of the read", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0.9);
    add("always");
    add("other-version", { version: 2 });
    add("not-drawn", { name: "sampled" });
    add("unknown", { name: "other" });
    add("no-log", { from: "blog" });
    random.mockReturnValue(0.29);
    vi.setSystemTime(1_000_500);
    add("drawn", { name: "sampled" });
    random.mockReturnValue(0.3);
    add("just-not-drawn", { name: "sampled" });
    await flush();
    expect(calls.map(recordsIn)).toEqual([
      [
        { id: "always", arrival: 1, received_at: 1_000_000 },
        { id: "drawn", arrival: 2, received_at: 1_000_500 },
      ],
    ]);
  });

  it("repeats a call that failed unchanged, and then sends the next records with the next numbers", async () => {
    respond = (call) => {
      if (call === 1) throw new Error("the response is lost");
      return { depth: 0 };
    };
    add("a");
    await flush();
    await flush();
    expect(calls).toHaveLength(2);
    add("b");
    await flush();
    const [failed, repeated, next] = calls as [Call, Call, Call];
    expect(repeated).toEqual(failed);
    expect(next.sender).toEqual(failed.sender);
    expect(calls.map((call) => [pushIn(call), recordsIn(call).map(({ id, arrival }) => [id, arrival])])).toEqual([
      [1, [["a", 1]]],
      [1, [["a", 1]]],
      [2, [["b", 2]]],
    ]);
    await flush();
    expect(calls).toHaveLength(3);
  });

  it("follows a partition that was split", async () => {
    vi.spyOn(crypto, "getRandomValues").mockImplementation((values) => {
      (values as Uint32Array)[0] = 5;
      return values;
    });
    respond = (call) => (call === 1 ? { depth: 2, isMoved: true } : { depth: 2 });
    add("a");
    await flush();
    expect(calls.map(({ partition, frames }) => [partition, frames])).toEqual([
      [`${siteId}:0`, calls[0]?.frames],
      [`${siteId}:1`, calls[0]?.frames],
    ]);
  });

  it("sends all waiting records, and drops the oldest ones beyond 5,000", async () => {
    for (let each = 0; each < 5_002; each += 1) add(`${each}`);
    await flush();
    const ids = calls.flatMap(idsIn);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([5_000, "2", "5001"]);
    expect(calls.flatMap(recordsIn).map(({ arrival }) => arrival)).toEqual(ids.map((_, index) => index + 1));
    expect(Math.max(...calls.map((call) => idsIn(call).length))).toBeLessThanOrEqual(500);
  });

  it("waits once for all requests, and again if a request ended before its wait", () => {
    expect(records.flush(bindings)).toBeUndefined();
    add("a");
    expect(records.flush(bindings)).toBeInstanceOf(Promise);
    expect(records.flush(bindings)).toBeUndefined();
    vi.setSystemTime(1_001_999);
    expect(records.flush(bindings)).toBeUndefined();
    vi.setSystemTime(1_002_000);
    expect(records.flush(bindings)).toBeInstanceOf(Promise);
  });
});
