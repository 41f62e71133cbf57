import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { sampleKey } from "../../src/metrics/families.ts";
import { readSamples } from "../../src/monitor/read-samples.ts";
import { request } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const received = { [sampleKey("tidemark_events_received_total", { site: "push" })]: 5 };
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
  const reading = readSamples(bindings, sites);
  await vi.waitFor(() => expect(asked).toContain("figures"), { timeout: 2_000, interval: 5 });
  await vi.waitFor(() => expect(asked.filter((method) => method === "figures").length).toBe(2), 2_000);
  isOver = true;
  expect(await reading).toMatchObject({ 'tidemark_events_received_total{site="push"}': 40 });
});

it("GET /metrics responds with 503 if the objects that sum the metrics do not", async () => {
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => wait(ms === 5_000 ? 1 : ms, options));
  const metrics = { METRICS: objects(() => new Promise(() => {})) };
  vi.spyOn(env as unknown as Env, "METRICS", "get").mockReturnValue(metrics.METRICS as unknown as Env["METRICS"]);
  const response = await request("/metrics", { headers: { authorization: "Bearer admin-key" } });
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "unavailable" } }]);
});
