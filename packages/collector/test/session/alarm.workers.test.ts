import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SESSION_IDLE_MS, SESSION_KEPT_MS } from "@tidemark/schema/limits";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { accept, batch, custom, newSession, rollupVectorOf, vectorOf } from "../workers/client.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const objectOf = (session_id: string) => sessionOf(bindings, tenant("shop"), session_id);

const REPEAT_MS = 60_000;

/** Stops a session as a crash does: nothing that is not durable remains, and no push is sent any more. */
const stop = (session_id: string) =>
  runInDurableObject(objectOf(session_id), (_, state) => state.abort("the object stops")).catch(() => {});

const alarmOf = (session_id: string) =>
  runInDurableObject(objectOf(session_id), (_, { storage }) => storage.getAlarm());

/** Moves the clock to the session's alarm, and runs it. */
const runAlarm = async (session_id: string) => {
  vi.setSystemTime(Math.max(Date.now(), (await alarmOf(session_id)) ?? 0));
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

/** Moves the clock to a time at which the partitions of other tests have written everything. */
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Waits for an effect, however slow the machine is. */
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000 });

describe("a session whose partition confirms a push at once", () => {
  it("acknowledges the batch then, and sets its alarm for the time at which it is idle", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    for (let seq = 0; seq < 3; seq += 1) {
      pass(2_000);
      await accept(batch([sale(seq, sku)], { session_id }));
      expect(await worth(sku)).toBe(2 ** (seq + 1) - 1);
    }
    await stop(session_id);
    expect(await alarmOf(session_id)).toBe(Date.now() - 4_000 + SESSION_IDLE_MS);
  });

  it("has the alarm that sends the push again when the confirmation takes longer", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    let respond = () => {};
    const response = new Promise<undefined>((resolve) => {
      respond = () => resolve(undefined);
    });
    traffic.fault = ({ sender }) => (sender === session_id ? response : undefined);
    pass(2_000);
    await accept(batch([sale(0, sku)], { session_id }));
    expect(await worth(sku)).toBeUndefined();
    expect(await alarmOf(session_id)).toBe(Date.now() + REPEAT_MS);
    respond();
    await eventually(async () => expect(await worth(sku)).toBe(1));
  });
});

describe("a session that stops before a push", () => {
  it("sends the pending deltas by its alarm, within 60 seconds of the batch", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    await accept(batch([sale(0, sku)], { session_id }));
    await eventually(async () => expect(await worth(sku)).toBe(1));
    vi.setSystemTime(Date.now() + 500);
    await accept(batch([sale(1, sku)], { session_id }));
    const acknowledgedAt = Date.now();
    await stop(session_id);
    expect(await worth(sku)).toBe(1);
    const alarm = await alarmOf(session_id);
    expect(alarm).toBeGreaterThan(acknowledgedAt);
    expect(alarm).toBeLessThanOrEqual(acknowledgedAt + REPEAT_MS);
    expect(await runAlarm(session_id)).toBe(true);
    await eventually(async () => expect(await worth(sku)).toBe(3));
  });

  it("does so after a time without batches, in which the alarm waited to close the session", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    await accept(batch([sale(0, sku)], { session_id }));
    await eventually(async () => expect(await worth(sku)).toBe(1));
    await runAlarm(session_id);
    expect(await alarmOf(session_id)).toBe(Date.now() - REPEAT_MS + SESSION_IDLE_MS);

    vi.setSystemTime(Date.now() + 600_000);
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    await accept(batch([sale(1, sku)], { session_id }));
    const lastEventAt = Date.now();
    await stop(session_id);
    traffic.fault = () => undefined;
    expect(await alarmOf(session_id)).toBeLessThanOrEqual(Date.now() + REPEAT_MS);
    await runAlarm(session_id);
    await eventually(async () => expect(await worth(sku)).toBe(3));

    // The same alarm closes the session, and waits to delete it.
    while ((await alarmOf(session_id)) !== lastEventAt + SESSION_KEPT_MS) await runAlarm(session_id);
    expect(await vectorOf(session_id)).toMatchObject({ version: 1, features: { event_count: 2 } });
  });

  it("has an alarm within 60 seconds after the clock was set back", async () => {
    const [session_id, sku] = [newSession(), newSku()];
    // The runtime moves an alarm in the past to its own time.
    vi.setSystemTime(Date.now() + 600_000);
    await accept(batch([sale(0, sku)], { session_id }));
    await eventually(async () => expect(await worth(sku)).toBe(1));
    vi.setSystemTime(Date.now() - 600_000);
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    await accept(batch([sale(1, sku)], { session_id }));
    await stop(session_id);
    expect(await alarmOf(session_id)).toBeLessThanOrEqual(Date.now() + REPEAT_MS);
  });

  it("has an alarm within 60 seconds whenever deltas are unconfirmed, at any times of batches, alarms and crashes", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: "send" as const }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("advance" as const), seconds: fc.constantFrom(1, 20, 45, 90) }),
      },
      { weight: 2, arbitrary: fc.constant({ do: "stop" as const }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("reach" as const), isReachable: fc.boolean() }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        const [session_id, sku] = [newSession(), newSku()];
        let isReachable = true;
        traffic.fault = ({ sender }) => (sender === session_id && !isReachable ? "lose_request" : undefined);
        let sent = 0;
        const isComplete = async () => sent === 0 || (await worth(sku)) === 2 ** sent - 1;
        for (const each of steps) {
          if (each.do === "send") {
            await accept(batch([sale(sent, sku)], { session_id }));
            sent += 1;
          } else if (each.do === "stop") {
            await stop(session_id);
          } else if (each.do === "reach") {
            isReachable = each.isReachable;
          } else {
            const until = Date.now() + each.seconds * 1_000;
            // An alarm fires when it is due.
            for (let at = await alarmOf(session_id); at !== null && at <= until; at = await alarmOf(session_id)) {
              vi.setSystemTime(Math.max(at, Date.now()));
              if (!(await runDurableObjectAlarm(objectOf(session_id)))) break;
            }
            vi.setSystemTime(until);
          }
          const alarm = await alarmOf(session_id);
          if (!(await isComplete())) expect(alarm).toBeLessThanOrEqual(Date.now() + REPEAT_MS);
        }
        isReachable = true;
        for (let alarms = 0; alarms < 3 && !(await isComplete()); alarms += 1) await runAlarm(session_id);
        await eventually(async () => expect(await isComplete()).toBe(true));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
