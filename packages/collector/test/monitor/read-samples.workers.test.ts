import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { type Samples, sampleKey } from "../../src/metrics/families.ts";
import { SeriesSums } from "../../src/metrics/series.ts";
import { readSamples } from "../../src/monitor/read-samples.ts";
import { request } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const received = { [sampleKey("tidemark_events_received_total", { site: "cloud" })]: 5 };
const sites = new Map([["push", tenant("push")]]);

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A namespace of objects that respond to a call as given. */
const objects = (respond: (method: string) => unknown) => ({
  getByName: () => new Proxy({}, { get: (_, method: string) => async () => respond(method) }),
});

it("objects of sinks that do not respond hold up no other ones", async () => {
  const asked: string[] = [];
  let isOver = false;
  // Calls have five seconds, which here are over at the end only.
  vi.spyOn(scheduler, "wait").mockImplementation(() =>
    vi.waitUntil(() => isOver, { timeout: 5_000, interval: 5 }).then(() => undefined),
  );
  const hung = (method: string) => {
    asked.push(method);
    return new Promise(() => {});
  };
  const bindings = {
    METRICS: objects(() => received),
    SCHEDULE: objects(hung),
    PARTITION: objects(hung),
    EGRESS: objects(hung),
  } as unknown as Env;
  const reading = readSamples(bindings, new Map([["cloud", tenant("cloud")]]));
  await vi.waitFor(() => expect(asked).toContain("figures"), { timeout: 2_000, interval: 5 });
  await vi.waitFor(() => expect(asked.filter((method) => method === "figures").length).toBe(2), 2_000);
  isOver = true;
  expect(await reading).toMatchObject({ 'tidemark_events_received_total{site="cloud"}': 40 });
});

it("no sum of a site with the most series falls when the objects of its sinks do not respond", async () => {
  const release = (number: number) =>
    sampleKey("tidemark_sdk_events_total", { site: "push", release: `js/1.0.${number}` });
  const sums = new SeriesSums();
  for (let number = 0; number < 2_400; number += 1) sums.add({ [release(number)]: 1 });
  const status = { delivered: 1, refused: 0, uncertain: 0, lag_records: 1, lag_ms: 1, paused: false };
  const egress = (status_: () => unknown) => objects((method) => (method === "status" ? status_() : undefined));
  const read = (status_: () => unknown) =>
    readSamples(
      {
        METRICS: objects(() => sums.samples),
        SCHEDULE: objects(() => ({ exports: [] })),
        PARTITION: objects((method) => (method === "depth" ? 0 : { depth: 0 })),
        EGRESS: egress(status_),
      } as unknown as Env,
      sites,
    );
  const complete = await read(() => ({ ...status, attempts: { complete: 1, partial: 0, failed: 0 } }));
  const without = await read(() => {
    throw new Error("the object is overloaded");
  });
  const ofSinks = (samples: Samples) => Object.keys(samples).filter((key) => key.includes("_sink_")).length;
  expect([ofSinks(complete), ofSinks(without)]).toEqual([9, 0]);
  const ofClients = (samples: Samples) => Object.entries(samples).filter(([key]) => key.includes("_sdk_"));
  expect(ofClients(without)).toEqual(ofClients(complete));
});

describe("the counters of goals", () => {
  const goal = sampleKey("tidemark_goals_total", { site: "hall", goal: "sale" });
  const read = (stored: Samples) =>
    readSamples(
      {
        METRICS: objects(() => stored),
        SCHEDULE: objects(() => ({ exports: [] })),
        PARTITION: objects((method) => (method === "depth" ? 0 : { depth: 0 })),
      } as unknown as Env,
      new Map([
        ["hall", tenant("hall")],
        ["desk", tenant("desk")],
      ]),
    );
  const ofHall = { [sampleKey("tidemark_events_received_total", { site: "hall" })]: 1 };

  it("are 0 from the first event of the site on, so that the first goal is an increase", async () => {
    const samples = await read(ofHall);
    const calibration = { site: "hall", model: "points", version: 3, goal: "sale" };
    expect(samples).toMatchObject({
      [goal]: 0,
      [sampleKey("tidemark_sessions_total", { site: "hall" })]: 0,
      [sampleKey("tidemark_calibration_sessions_total", calibration)]: 0,
      [sampleKey("tidemark_calibration_expected_total", calibration)]: 0,
      [sampleKey("tidemark_calibration_observed_total", calibration)]: 0,
    });
    const arms = ["welcome", "trial"].map((reaction) =>
      (["treatment", "holdout"] as const).map(
        (arm) => samples[sampleKey("tidemark_lift_goals_total", { site: "hall", reaction, arm, goal: "sale" })],
      ),
    );
    // Only one of the reactions has a holdout.
    expect(arms).toEqual([
      [0, undefined],
      [0, 0],
    ]);
    expect(Object.keys(samples).filter((key) => key.includes('site="desk"') && key.includes("goal"))).toEqual([]);
  });

  it("change no sum, and take no place of one", async () => {
    expect((await read({ ...ofHall, [goal]: 2 }))[goal]).toBe(16);
    const sums = new SeriesSums();
    for (let number = 0; number < 3_100; number += 1)
      sums.add({ [sampleKey("tidemark_goals_total", { site: "hall", goal: `g${number}` })]: 1 });
    const samples = await read(sums.samples);
    const counted = Object.fromEntries(Object.entries(sums.samples).map(([key, value]) => [key, 8 * value]));
    expect(samples).toMatchObject(counted);
    expect(samples[goal]).toBeUndefined();
  });
});

it("GET /metrics responds with 503 if the objects that sum the metrics do not", async () => {
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => wait(ms === 5_000 ? 1 : ms, options));
  const metrics = { METRICS: objects(() => new Promise(() => {})) };
  vi.spyOn(env as unknown as Env, "METRICS", "get").mockReturnValue(metrics.METRICS as unknown as Env["METRICS"]);
  const response = await request("/metrics", { headers: { authorization: "Bearer admin-key" } });
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "unavailable" } }]);
});
