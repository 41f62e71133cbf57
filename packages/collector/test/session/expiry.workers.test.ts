import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SESSION_IDLE_MS, SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { accept, batch, custom, newSession, read, rollupVectorOf, rowsOf, vectorOf } from "../workers/client.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const objectOf = (session_id: string) => sessionOf(bindings, tenant("shop"), session_id);

const storedIn = (session_id: string) =>
  runInDurableObject(objectOf(session_id), async (_, { storage }) => ({
    rows: rowsOf(storage),
    alarm: await storage.getAlarm(),
  }));

/** Moves the clock to the session's alarm, and runs it. Returns whether there was one. */
const runAlarm = async (session_id: string) => {
  vi.setSystemTime(Math.max(Date.now(), (await storedIn(session_id)).alarm ?? 0));
  return runDurableObjectAlarm(objectOf(session_id));
};

const newSku = () => `sku-${crypto.randomUUID().slice(0, 8)}`;
const sale = (seq: number, sku: string) => ({ ...custom(seq, "sale"), properties: { sku, price: 2 ** seq } });
const worth = async (sku: string) => (await rollupVectorOf("product", sku))?.features.product_worth;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
});

describe("a closed session", () => {
  it("keeps its numbers for nine days after its latest event, and then deletes everything", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    const sent = batch([sale(0, sku)], { session_id });
    await accept(sent);
    const lastEventAt = Date.now();
    vi.setSystemTime(lastEventAt + SESSION_IDLE_MS);
    while ((await storedIn(session_id)).alarm !== lastEventAt + SESSION_KEPT_MS) await runAlarm(session_id);
    expect(await vectorOf(session_id)).toMatchObject({ version: 1 });
    vi.setSystemTime(lastEventAt + SESSION_KEPT_MS - 1);
    expect(await accept(sent)).toMatchObject({ accepted: 0, duplicates: 1 });

    expect(await runAlarm(session_id)).toBe(true);
    expect(await storedIn(session_id)).toEqual({ rows: [], alarm: null });
    expect((await read(session_id)).status).toBe(404);
    expect(await worth(sku)).toBe(1);
  });

  it("lives on for nine days after a late event", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    await accept(batch([sale(0, sku)], { session_id }));
    vi.setSystemTime(Date.now() + SESSION_IDLE_MS);
    await runAlarm(session_id);
    vi.setSystemTime(Date.now() + 7 * 86_400_000);
    await accept(batch([sale(1, sku)], { session_id }));
    const lastEventAt = Date.now();
    await vi.waitFor(async () => expect(await worth(sku)).toBe(3));
    while ((await storedIn(session_id)).alarm !== lastEventAt + SESSION_KEPT_MS) await runAlarm(session_id);
    expect(await vectorOf(session_id)).toMatchObject({ version: 2, features: { event_count: 2 } });
    await runAlarm(session_id);
    expect(await storedIn(session_id)).toEqual({ rows: [], alarm: null });
  });

  it("stays while its partition lacks something of it, and tries again each minute at most", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    await accept(batch([sale(0, sku)], { session_id }));
    vi.setSystemTime(Date.now() + SESSION_KEPT_MS);
    for (let alarms = 0; alarms < 4; alarms += 1) await runAlarm(session_id);
    const { rows, alarm } = await storedIn(session_id);
    expect(rows).toHaveLength(1);
    expect(alarm).toBeGreaterThan(Date.now());
    traffic.fault = () => undefined;
    for (let alarms = 0; alarms < 4 && (await runAlarm(session_id)); alarms += 1);
    expect(await worth(sku)).toBe(1);
    expect(await storedIn(session_id)).toEqual({ rows: [], alarm: null });
  });

  it("is another session under the same id afterwards, whose events count", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    await accept(batch([sale(0, sku)], { session_id }));
    vi.setSystemTime(Date.now() + SESSION_IDLE_MS);
    while (await runAlarm(session_id));
    expect((await read(session_id)).status).toBe(404);
    expect(await accept(batch([sale(0, sku)], { session_id, sent_at: Date.now() }))).toMatchObject({
      accepted: 0,
      rejected: [{ code: "too_old" }],
    });
    const now = { time: Date.now() };
    const later = batch([{ ...sale(1, sku), ...now }], { session_id, tab_id: "tab0000002", sent_at: Date.now() });
    expect(await accept(later)).toMatchObject({ accepted: 1 });
    await vi.waitFor(async () => expect(await worth(sku)).toBe(3));
  });
});
