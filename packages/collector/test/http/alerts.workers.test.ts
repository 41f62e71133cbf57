import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { AlertSilence, AlertsResponse } from "@tidemark/schema";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, scheduleOf } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import type { Notification } from "../../src/monitor/notification.ts";
import { createTenants } from "../../src/tenants.ts";
import { errorOf, request } from "../workers/client.ts";
import { config, fakeReceiver, traffic } from "../workers/worker.ts";

const admin = { headers: { authorization: "Bearer admin-key" } };
const schedule = scheduleOf(env as unknown as Env);
const { notify } = traffic;
let messages: Notification[] = [];

beforeAll(() => {
  traffic.alerts = { to: [fakeReceiver("desk")], runbooks: "https://wiki.example/runbooks" };
});
afterAll(() => {
  traffic.alerts = undefined;
  traffic.notify = notify;
});
afterEach(() => {
  vi.restoreAllMocks();
});
beforeEach(() => {
  messages = [];
  traffic.notify = async (_, given) => {
    messages.push(...given);
    return { accepted: true, detail: "202 Accepted" };
  };
});

const statusOf = async (): Promise<AlertsResponse> => (await request("/v1/alerts", admin)).json<AlertsResponse>();

const post = (path: string, body?: object): Promise<Response> =>
  request(path, { ...admin, method: "POST", ...(body && { body: JSON.stringify(body) }) });

const until = new Date(Date.now() + 3_600_000).toISOString();

describe("the alerts of a deployment", () => {
  it("are evaluated from its first request on, each 10 s, and their states are listed", async () => {
    await request("/healthz");
    await expect
      .poll(() => runInDurableObject(schedule, (_, { storage }) => storage.getAlarm()))
      .toSatisfy((at) => at > Date.now() - 1_000 && at <= Date.now() + 10_000);
    await runDurableObjectAlarm(schedule);
    const { evaluated_at, problem, alerts, receivers } = await statusOf();
    expect([problem, evaluated_at]).toEqual([null, expect.closeTo(Date.now(), -4.5)]);
    expect(alerts.map(({ name }) => name)).toContain("TidemarkSinkDown");
    expect(alerts.find(({ name }) => name === "TidemarkCollectorDown")?.by).toBe("prometheus");
    expect(alerts.find(({ name }) => name === "TidemarkWatchdog")?.instances).toMatchObject([
      { labels: {}, state: "firing", value: 1, silenced: false },
    ]);
    expect(messages.map(({ alert, runbook }) => [alert, runbook])).toEqual([
      ["TidemarkWatchdog", "https://wiki.example/runbooks#tidemarkwatchdog"],
    ]);
    expect(receivers).toMatchObject([{ name: "desk", type: "fake", failures: 0, detail: "202 Accepted" }]);
  });

  it("send a test to each receiver", async () => {
    expect(await (await post("/v1/alerts/test")).json()).toEqual({
      receivers: [{ name: "desk", type: "fake", accepted: true, detail: "202 Accepted" }],
    });
    expect(messages.map(({ alert, state }) => `${alert} ${state}`)).toEqual([
      "TidemarkTest firing",
      "TidemarkTest resolved",
    ]);
  });

  it("can be silenced, until the silence is removed", async () => {
    const body = { alert: "TidemarkSinkDown", labels: { sink: "orders" }, until, comment: "Maintenance." };
    const silence = await (await post("/v1/alerts/silences", body)).json<AlertSilence>();
    expect(silence).toMatchObject({ ...body, until: Date.parse(until) });
    expect((await statusOf()).silences).toEqual([silence]);
    const remove = async () =>
      (await request(`/v1/alerts/silences/${silence.id}`, { ...admin, method: "DELETE" })).json();
    expect([await remove(), await remove()]).toEqual([
      { id: silence.id, removed: true },
      { id: silence.id, removed: false },
    ]);
    expect((await statusOf()).silences).toEqual([]);
  });

  it.each([
    [{ alert: "SinkDown", until, comment: "x" }, 'there is no alert "SinkDown"; expected one of TidemarkCollectorDown'],
    [{ until, comment: "x" }, "alert: expected the name of an alert, or labels; given neither."],
    [
      { alert: "TidemarkSinkDown", until: "2020-01-01T00:00:00Z", comment: "x" },
      "until: expected a time in the next 90 days",
    ],
    [{ alert: "TidemarkSinkDown", until: "tomorrow", comment: "x" }, "until"],
    [{ alert: "TidemarkSinkDown", until }, "comment"],
    [{ alert: "TidemarkSinkDown", until, comment: " " }, "comment"],
    [{ alert: "TidemarkSinkDown", until, comment: "x", sites: [] }, "sites"],
  ])("reject the silence %j", async (body, message) => {
    const response = await post("/v1/alerts/silences", body);
    expect(await errorOf(response)).toEqual([400, "invalid_body", expect.stringContaining(message)]);
  });

  it("go on while a task of the schedule takes long, and the task while a receiver fails", async () => {
    let rounds = 0;
    const { wait } = scheduler;
    vi.spyOn(console, "error").mockReturnValue();
    traffic.notify = () => Promise.reject(new Error("no connection"));
    const name = "compact shop 2026-01-01 0";
    const left = await runInDurableObject(schedule, async (instance, { storage }) => {
      const { env: own } = instance as unknown as { env: Env };
      const { LOG_WRITER } = own;
      let end = (_: number) => {};
      const compacting = new Promise<number>((resolve) => {
        end = resolve;
      });
      vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) => {
        // The rest of the 10 s between two rounds. Within a round, nothing waits for longer than 8 s.
        if (ms <= 8_000) return wait.call(scheduler, ms, options);
        rounds += 1;
        if (rounds >= 3) end(0);
        return wait.call(scheduler, 10, options);
      });
      Object.assign(own, { LOG_WRITER: { getByName: () => ({ compact: () => compacting }) } });
      storage.sql.exec("INSERT OR REPLACE INTO task VALUES (?, 0, 0)", name);
      await instance.alarm();
      Object.assign(own, { LOG_WRITER });
      return storage.sql.exec("SELECT * FROM task WHERE name = ?", name).toArray();
    });
    expect(left).toEqual([]);
    expect(rounds).toBeGreaterThanOrEqual(3);
  });
});

describe("a deployment without alerts", () => {
  it("says what to add", async () => {
    const { fetch } = createApp({ ...config, alerts: undefined as never }, createTenants(config));
    const context = { waitUntil: () => {}, passThroughOnException: () => {} } as never;
    const response = await fetch(new Request("https://t.example/v1/alerts", admin), env as unknown as Env, context);
    expect(await errorOf(response)).toEqual([404, "not_found", expect.stringContaining("add alerts: { to:")]);
  });
});
