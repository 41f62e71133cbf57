import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { Row } from "../../src/session/row.ts";
import { accept, batch, custom, newSession, page, vectorOf } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const objectOf = (session_id: string) => sessionOf(bindings, tenant("shop"), session_id);

/** Moves the collector's clock, and runs the session's alarm. */
const runAlarm = async (session_id: string, afterMs: number) => {
  vi.setSystemTime(Date.now() + afterMs);
  return runDurableObjectAlarm(objectOf(session_id));
};

/** The stored final vector of a session. */
const finalOf = (session_id: string) =>
  runInDurableObject(objectOf(session_id), (_, { storage }) => new Row(storage).read()?.final);

/** Features that do not depend on the time of the read. */
const stableFeatures = { event_count: 2, page_view_count: 1, custom_event_count: 1 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a session", () => {
  it("is closed by its alarm after 30 minutes without an event, and stores a final vector", async () => {
    const session_id = newSession();
    await accept(batch([page(0), custom(1)], { session_id }));
    expect(await vectorOf(session_id)).toMatchObject({ version: 0, closed_at: null });
    expect(await finalOf(session_id)).toBeNull();

    expect(await runAlarm(session_id, SESSION_IDLE_MS)).toBe(true);
    const vector = await vectorOf(session_id);
    expect(vector).toMatchObject({ version: 1, closed_at: Date.now(), features: stableFeatures });
    expect(vector.age_ms).toBe(Date.now() - vector.event_time);
    expect(await finalOf(session_id)).toMatchObject({
      version: 1,
      closed_at: vector.closed_at,
      event_time: vector.event_time,
      definition_version: vector.definition_version,
      features: { ...stableFeatures, idle_ms: 0 },
      delivery: { received: 2 },
    });
  });

  it("is closed once: neither another alarm nor a restart changes anything", async () => {
    const session_id = newSession();
    await accept(batch([page(0), custom(1)], { session_id }));
    await runAlarm(session_id, SESSION_IDLE_MS);
    const final = await finalOf(session_id);
    await runAlarm(session_id, SESSION_IDLE_MS);
    await evictDurableObject(objectOf(session_id));
    await runInDurableObject(objectOf(session_id), (session) => session.alarm());
    expect(await finalOf(session_id)).toEqual(final);
    expect(await vectorOf(session_id)).toMatchObject({ version: 1, closed_at: final?.closed_at });
  });

  it("keeps its stored state while its site is not configured, and continues when the site is configured again", async () => {
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    await evictDurableObject(objectOf(session_id));
    vi.setSystemTime(Date.now() + SESSION_IDLE_MS);
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await runInDurableObject(objectOf(session_id), async (session) => {
      Object.defineProperty(session, "tenants", { value: new Map() });
      await session.alarm();
    });
    expect(logged.mock.calls).toEqual([
      [
        "a session could not be closed; it keeps its stored state",
        'tidemark.config.ts: sites: there is no site "shop"',
      ],
    ]);
    logged.mockRestore();

    await evictDurableObject(objectOf(session_id));
    await accept(batch([custom(1)], { session_id }));
    expect(await vectorOf(session_id)).toMatchObject({ version: 0, features: stableFeatures });
    expect(await runAlarm(session_id, SESSION_IDLE_MS)).toBe(true);
    expect(await finalOf(session_id)).toMatchObject({ version: 1, features: stableFeatures });
  });

  it("is not closed while it is active: an alarm that fires too early is set again", async () => {
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    vi.setSystemTime(Date.now() + SESSION_IDLE_MS - 1_000);
    await accept(batch([custom(1)], { session_id }));
    expect(await runAlarm(session_id, 1_000)).toBe(true);
    expect(await vectorOf(session_id)).toMatchObject({ version: 0, closed_at: null });
    expect(await runAlarm(session_id, SESSION_IDLE_MS - 1_000)).toBe(true);
    expect(await vectorOf(session_id)).toMatchObject({ version: 1, features: stableFeatures });
  });

  it("sets its alarm once for any number of batches", async () => {
    const session_id = newSession();
    const alarmOf = () => runInDurableObject(objectOf(session_id), (_, state) => state.storage.getAlarm());
    await accept(batch([custom(0)], { session_id }));
    const alarm = await alarmOf();
    expect(alarm).toBe(Date.now() + 60_000);
    for (let seq = 1; seq < 5; seq += 1) {
      vi.setSystemTime(Date.now() + 10_000);
      await accept(batch([custom(seq)], { session_id }));
      expect(await alarmOf()).toBe(alarm);
    }
  });

  it("is reopened by a late event, and closed again as a correction", async () => {
    const session_id = newSession();
    const time = Date.now();
    await accept(batch([{ ...page(0), time }], { session_id, sent_at: time }));
    await runAlarm(session_id, SESSION_IDLE_MS);
    await accept(batch([{ ...custom(1), time }], { session_id, sent_at: Date.now() }));
    expect(await vectorOf(session_id)).toMatchObject({
      version: 1,
      closed_at: null,
      features: stableFeatures,
    });
    expect((await finalOf(session_id))?.features.event_count).toBe(1);
    await runAlarm(session_id, SESSION_IDLE_MS);
    expect(await vectorOf(session_id)).toMatchObject({ version: 2, closed_at: Date.now() });
    expect(await finalOf(session_id)).toMatchObject({ version: 2, event_time: time, features: stableFeatures });
  });

  it("counts an event by its event time, however long and however often it was closed before", async () => {
    const session_id = newSession();
    const time = Date.now();
    for (const seq of [0, 1, 2, 3]) {
      await accept(batch([{ ...custom(seq), time: time + seq }], { session_id, sent_at: Date.now() }));
      expect(await runAlarm(session_id, SESSION_IDLE_MS)).toBe(true);
      expect(await vectorOf(session_id)).toMatchObject({
        ...{ version: seq + 1, closed_at: Date.now(), event_time: time + seq, watermark: time + seq - 5_000 },
        ...{ late: 0, too_late: 0, features: { event_count: seq + 1, session_duration_ms: seq } },
      });
      vi.setSystemTime(Date.now() + 25 * 3_600_000);
    }
  });

  it("stays closed after a duplicate event, or one too late to count", async () => {
    const session_id = newSession();
    const sent_at = Date.now();
    const first = { ...custom(0), time: sent_at };
    await accept(batch([first], { session_id, sent_at }));
    await runAlarm(session_id, SESSION_IDLE_MS);
    const closed_at = Date.now();
    await accept(batch([first], { session_id, sent_at }));
    const ancient = { ...custom(1), time: sent_at - 2 * 86_400_000 };
    await accept(batch([ancient], { session_id, sent_at: closed_at, tab_id: "tab0000002" }));
    const expectClosed = async () =>
      expect(await vectorOf(session_id)).toMatchObject({
        version: 1,
        closed_at,
        too_late: 1,
        features: { event_count: 1 },
        delivery: { received: 2, duplicates: 1 },
      });
    await expectClosed();
    // The event too late changes users and pages: an alarm guards their deltas.
    expect(await runAlarm(session_id, SESSION_IDLE_MS)).toBe(true);
    await expectClosed();
    await runAlarm(session_id, SESSION_IDLE_MS);
    await expectClosed();
  });

  it("is never closed without a valid event", async () => {
    const session_id = newSession();
    await accept(batch(["no event"], { session_id }));
    expect(await runDurableObjectAlarm(objectOf(session_id))).toBe(false);
  });
});
