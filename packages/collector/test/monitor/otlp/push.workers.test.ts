import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, scheduleOf } from "../../../src/env.ts";
import { type Samples, sampleKey } from "../../../src/metrics/families.ts";
import { type PushState, pushMetrics } from "../../../src/monitor/otlp/push.ts";
import { headersIn } from "../../../src/otlp/headers.ts";
import { VERSION } from "../../../src/version.ts";
import { accept, batch, custom, newSession } from "../../workers/client.ts";
import { traffic } from "../../workers/worker.ts";
import { FakeOtlp } from "./fake-otlp.ts";

const NOW = Date.UTC(2026, 10, 30, 5);

/** The time before tests replace it. */
const START = Date.now();

let fake: FakeOtlp;
let now = NOW;
const logged: string[] = [];

beforeEach(() => {
  fake = new FakeOtlp();
  now = NOW;
  logged.length = 0;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  for (const level of ["error", "warn"] as const)
    vi.spyOn(console, level).mockImplementation((line) => {
      logged.push(`${level}: ${line}`);
    });
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) =>
    fake.handle(new Request(`${url}`, init as RequestInit)),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  traffic.otlp = undefined;
  traffic.alerts = undefined;
});

const settings = { url: "https://otel.example/v1/metrics", headersSecret: "OTLP_HEADERS" };
const secrets = { OTLP_HEADERS: "authorization=Bearer%20hidden-token, X-Scope-OrgID = shop" };

const accepted = sampleKey("tidemark_events_accepted_total", { site: "shop" });
const samples: Samples = {
  [accepted]: 12,
  [sampleKey("tidemark_events_missing", { site: "shop" })]: 3,
  [sampleKey("tidemark_events_rejected_total", { site: "shop", code: "a", field: 'x"\\\n{y="z",}', release: "1" })]: 1,
  'tidemark_wait_seconds_bucket{on="push",outcome="ok",le="0.005"}': 2,
  'tidemark_wait_seconds_bucket{on="push",outcome="ok",le="+Inf"}': 1,
  'tidemark_wait_seconds_sum{on="push",outcome="ok"}': 20.25,
  'tidemark_wait_seconds_count{on="push",outcome="ok"}': 3,
  'tidemark_of_another_release_total{site="shop"}': 4,
};

const push = (state?: PushState, given: Samples = samples, more: object = {}, env: object = secrets) =>
  pushMetrics({ ...settings, ...more }, env, async () => given, state);

const metricsIn = () => fake.bodies.flatMap(({ resourceMetrics: [only] }) => only?.scopeMetrics[0]?.metrics ?? []);

describe("a push of metrics by OTLP", () => {
  it("has sums, gauges and histograms with the labels of their series", async () => {
    expect(await push()).toEqual({ since: NOW, next: NOW + 60_000, failures: 0 });
    expect(fake.refusals).toEqual([]);
    const [body] = fake.bodies;
    expect(body?.resourceMetrics[0]?.resource.attributes).toEqual([
      { key: "service.name", value: { stringValue: "tidemark" } },
      { key: "service.version", value: { stringValue: VERSION } },
    ]);
    const byName = new Map(metricsIn().map((metric) => [metric.name, metric]));
    expect([...byName.keys()].sort()).toEqual([
      ...["tidemark_events_accepted_total", "tidemark_events_missing", "tidemark_events_rejected_total"],
      "tidemark_wait_seconds",
    ]);
    const time = `${NOW}000000`;
    expect(byName.get("tidemark_events_accepted_total")).toMatchObject({
      unit: "{events}",
      sum: { dataPoints: [{ startTimeUnixNano: time, timeUnixNano: time, asDouble: 12 }] },
    });
    expect(byName.get("tidemark_events_missing")).toMatchObject({ gauge: { dataPoints: [{ asDouble: 3 }] } });
    expect(byName.get("tidemark_events_rejected_total")).toMatchObject({
      sum: {
        dataPoints: [
          { attributes: expect.arrayContaining([{ key: "field", value: { stringValue: 'x"\\\n{y="z",}' } }]) },
        ],
      },
    });
    expect(byName.get("tidemark_wait_seconds")).toMatchObject({
      unit: "s",
      histogram: {
        dataPoints: [
          {
            ...{ count: "3", sum: 20.25, bucketCounts: ["2", ...Array(10).fill("0"), "1"] },
            explicitBounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
          },
        ],
      },
    });
  });

  it("has the headers of its secret", async () => {
    await push();
    expect(fake.headers[0]?.get("authorization")).toBe("Bearer hidden-token");
    expect(fake.headers[0]?.get("x-scope-orgid")).toBe("shop");
    await push(undefined, samples, { headersSecret: undefined });
    expect(fake.headers[1]?.get("authorization")).toBeNull();
  });

  it("has cumulative values since the first one", async () => {
    const state = await push();
    now += 60_000;
    await push(state, { ...samples, [accepted]: 20 });
    expect(fake.refusals).toEqual([]);
    expect(fake.values.get("tidemark_events_accepted_total site=shop")).toBe(20);
    expect(metricsIn().at(-4)).toMatchObject({
      sum: { dataPoints: [{ startTimeUnixNano: `${NOW}000000`, timeUnixNano: `${NOW + 60_000}000000` }] },
    });
  });

  it("leaves out values that JSON does not have, and sends nothing without series", async () => {
    await push(undefined, {
      [accepted]: Number.POSITIVE_INFINITY,
      [sampleKey("tidemark_events_missing", { site: "a" })]: 1,
    });
    expect(fake.values.size).toBe(1);
    expect(await push(undefined, {})).toMatchObject({ failures: 0 });
    expect(fake.headers).toHaveLength(1);
  });

  it("has at most 5,000 data points in a request, and all of them together", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 12_000 }, (_, index) => [
        sampleKey("tidemark_events_accepted_total", { site: `s${index}` }),
        index,
      ]),
    );
    expect(await push(undefined, { ...samples, ...many })).toMatchObject({ failures: 0 });
    expect(fake.refusals).toEqual([]);
    expect(fake.bodies).toHaveLength(3);
    expect(fake.values.size).toBe(12_004);
  });

  it("logs data points that were refused, and does not repeat them", async () => {
    const partialSuccess = { rejectedDataPoints: "2", errorMessage: "out of order" };
    fake.respond = () => Response.json({ partialSuccess });
    expect(await push()).toEqual({ since: NOW, next: NOW + 60_000, failures: 0 });
    expect(logged).toEqual(["warn: the receiver of OTLP refused 2 data points: out of order"]);
  });

  it.each([
    [429, { "retry-after": "7" }, [7_000, 7_000]],
    [503, {}, [10_000, 20_000]],
    [502, {}, [10_000, 20_000]],
    [504, {}, [10_000, 20_000]],
    [400, {}, [60_000, 60_000]],
    [401, {}, [60_000, 60_000]],
    [500, {}, [60_000, 60_000]],
    [307, { location: "https://evil.example" }, [60_000, 60_000]],
  ])("after status %d with %j is followed by the next after %j ms", async (status, headers, waits) => {
    fake.respond = () => new Response("hidden-token", { status, headers });
    let state: PushState | undefined;
    for (const [index, wait] of waits.entries()) {
      state = await push(state);
      expect(state).toEqual({ since: NOW, next: NOW + wait, failures: index + 1 });
    }
    expect(logged).toHaveLength(2);
    expect(logged[0]).toContain(`status ${status}`);
    expect(JSON.stringify(logged)).not.toContain("hidden");
  });

  it("waits at most five minutes after failures", async () => {
    fake.respond = () => new Response(null, { status: 503 });
    const state = await push({ since: NOW - 1, next: NOW, failures: 50 });
    expect(state).toEqual({ since: NOW - 1, next: NOW + 300_000, failures: 51 });
  });

  it("ends in bounded time", async () => {
    const real = AbortSignal.timeout.bind(AbortSignal);
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => real(20));
    vi.mocked(fetch).mockImplementation(
      (_, init) =>
        new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
    );
    expect(await push()).toMatchObject({ failures: 1 });
    expect(timeout).toHaveBeenCalledWith(8_000);
    expect(logged[0]).toContain("the target did not respond in time");
  });

  it("does not happen without its secret, or without metrics", async () => {
    expect(await push(undefined, samples, {}, {})).toMatchObject({ failures: 1, next: NOW + 60_000 });
    expect(logged[0]).toContain("the secret OTLP_HEADERS is not set");
    expect(await push(undefined, samples, {}, { OTLP_HEADERS: "Bearer hidden" })).toMatchObject({ failures: 1 });
    expect(logged[1]).toContain("the secret OTLP_HEADERS does not have the form name=value,…");
    const failing = async () => {
      throw new Error("no metrics");
    };
    expect(await pushMetrics(settings, secrets, failing, undefined)).toMatchObject({ failures: 1 });
    expect(fake.headers).toEqual([]);
    expect(JSON.stringify(logged)).not.toContain("hidden");
  });

  it.each([
    ["a=b", { a: "b" }],
    ["A=b%2Cc, d = e=f ", { a: "b,c", d: "e=f" }],
    ["", undefined],
    ["a", undefined],
    ["a=b,,", undefined],
    ["a b=c", undefined],
    ["a=%0d%0ax", undefined],
    ["a=%zz", undefined],
  ])("reads the headers %j", (text, headers) => {
    expect(headersIn(text)).toEqual(headers);
  });
});

describe("the schedule of a deployment with a receiver of metrics", () => {
  it("pushes the deployment's own metrics, and again when it is time", async () => {
    vi.mocked(Date.now).mockRestore();
    await accept(batch([custom(0), custom(1)], { session_id: newSession() }));
    // A time in the future: the runtime changes the time of an alarm in the past.
    now = Math.ceil(Date.now() / 10_000) * 10_000 + 3_600_000;
    vi.spyOn(Date, "now").mockImplementation(() => now);
    traffic.otlp = { url: fake.url, everySeconds: 30 };
    const schedule = scheduleOf(env as unknown as Env);
    const alarm = () =>
      runInDurableObject(schedule, async (object, { storage }) => {
        await object.alarm();
        return storage.getAlarm();
      });
    expect(await alarm()).toBe(now + 30_000);
    expect(fake.refusals).toEqual([]);
    expect([...fake.values.keys()]).toContain(`tidemark_build_info contract=1,version=${VERSION}`);
    const pushes = fake.headers.length;
    now += 10_000;
    await alarm();
    expect(fake.headers).toHaveLength(pushes);
    now += 20_000;
    await alarm();
    expect(fake.headers).toHaveLength(2 * pushes);
    expect(fake.refusals).toEqual([]);
  });

  it("evaluates alerts while a receiver of metrics does not respond, and has one push in flight", async () => {
    now = Math.ceil(START / 10_000) * 10_000 + 7_200_000;
    let end: () => void = () => {};
    let count = 0;
    vi.mocked(fetch).mockImplementation(() => {
      count++;
      return new Promise((_, reject) => {
        end = () => reject(new TypeError("the connection was cut"));
      });
    });
    traffic.otlp = { url: fake.url };
    traffic.alerts = { to: [] };
    const schedule = scheduleOf(env as unknown as Env);
    const alarm = () => runInDurableObject(schedule, (object) => object.alarm());
    await alarm();
    await vi.waitFor(() => expect(count).toBe(1));
    now += 10_000;
    await alarm();
    expect(await runInDurableObject(schedule, (object) => object.alertStatus().evaluated_at)).toBe(now);
    expect(count).toBe(1);
    // In the object, to which the request belongs.
    await runInDurableObject(schedule, () => end());
    // The push stores the time of the next one.
    await vi.waitFor(async () => {
      const state = await runInDurableObject(schedule, (_, { storage }) => storage.kv.get<PushState>("otlp"));
      expect(state).toMatchObject({ next: now + 10_000, failures: 1 });
    });
  });
});
