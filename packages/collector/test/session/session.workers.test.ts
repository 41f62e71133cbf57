import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Engine } from "@tidemark/engine";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { type Tenants, tenantOf } from "../../src/tenants.ts";
import {
  accept,
  batch,
  custom,
  errorOf,
  NOW,
  newSession,
  post,
  read,
  rewriteSession,
  rowsOf,
  stablePart,
  vectorOf,
} from "../workers/client.ts";

const { SESSION } = env as unknown as Env;

/**
 * Calls `act` before each write of an object's row. The write fails if `act` throws.
 *
 * @returns Restores the object's storage. Run it in the object.
 */
const beforeEachWrite = (stub: DurableObjectStub<undefined>, act: () => void) =>
  runInDurableObject(stub, (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql) as (...given: Parameters<typeof sql.exec>) => never;
    sql.exec = (query, ...bindings) => {
      if (query.startsWith("INSERT")) act();
      return exec(query, ...bindings);
    };
    return () => {
      sql.exec = exec;
    };
  });

/** The ranges of consecutive numbers in a set, in ascending order. */
const rangesOf = (numbers: Set<number>): [from: number, to: number][] => {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
};

describe("a session", () => {
  it("counts each event once under any repetition, order, overlap and splitting of batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(30), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
        async (batches) => {
          const session_id = newSession();
          const sent = new Set<number>();
          for (const seqs of batches) {
            const unsent = new Set(seqs.filter((seq) => !sent.has(seq)));
            const response = await accept(
              batch(
                seqs.map((seq) => custom(seq)),
                { session_id },
              ),
            );
            for (const seq of seqs) sent.add(seq);
            expect(response).toEqual({
              accepted: unsent.size,
              duplicates: seqs.length - unsent.size,
              rejected: [],
              tab: { acknowledged: rangesOf(sent) },
            });
          }
          const { features, delivery } = await vectorOf(session_id);
          expect(features.custom_event_count).toBe(sent.size);
          expect(delivery).toMatchObject({
            received: sent.size,
            duplicates: batches.flat().length - sent.size,
            missing: Math.max(...sent) + 1 - sent.size,
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it("keeps its state when its object is evicted between two batches", async () => {
    const session_id = newSession();
    await accept(batch([custom(0), custom(1)], { session_id }));
    const before = await vectorOf(session_id);
    await evictDurableObject(SESSION.getByName(`shop:${session_id}`));
    expect(stablePart(await vectorOf(session_id))).toEqual(stablePart(before));
    expect(await accept(batch([custom(1), custom(2)], { session_id }))).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  it("restarts its features, but not its deduplication, if their stored layout is outdated", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0), custom(1)], { session_id }));
    await runInDurableObject(stub, (_, { storage }) =>
      rewriteSession(storage, ({ engine }) => Object.assign(engine, { version: 1 })),
    );
    await evictDurableObject(stub);
    expect(await accept(batch([custom(1), custom(2)], { session_id }))).toMatchObject({ accepted: 1, duplicates: 1 });
    const { features, delivery } = await vectorOf(session_id);
    expect([features.custom_event_count, delivery.received]).toEqual([1, 3]);
  });

  it("rejects a batch whose write fails, and accepts it whole afterwards", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0)], { session_id }));
    const restore = await runInDurableObject(stub, (_, state) => {
      const { exec } = state.storage.sql;
      state.storage.sql.exec = () => {
        throw new Error("disk full");
      };
      return () => {
        state.storage.sql.exec = exec;
      };
    });
    const failed = await post(JSON.stringify(batch([custom(1)], { session_id })));
    expect(failed.headers.get("retry-after")).toBe("1");
    expect(await errorOf(failed)).toEqual([503, "unavailable", expect.stringContaining("Nothing was stored")]);
    expect(await errorOf(await read(session_id))).toEqual([503, "unavailable", expect.any(String)]);
    await runInDurableObject(stub, restore);
    expect((await vectorOf(session_id)).delivery.received).toBe(1);
    expect(await accept(batch([custom(1)], { session_id }))).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it("stores nothing of a batch that fails halfway, and accepts it whole afterwards", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0)], { session_id }));
    const restore = await runInDurableObject(stub, (instance) => {
      const { tenants } = instance as unknown as { tenants: Tenants };
      const shop = tenantOf(tenants, "shop");
      const { session } = shop.definitions;
      let folded = 0;
      const fold: Engine["fold"] = (...given) => {
        folded += 1;
        if (folded === 2) throw new Error("defect");
        return session.fold(...given);
      };
      const definitions = { ...shop.definitions, session: { ...session, fold } };
      Object.assign(instance, { tenants: new Map([["shop", { ...shop, definitions }]]) });
      return () => Object.assign(instance, { tenants });
    });
    const body = batch([custom(1), custom(2)], { session_id });
    const failed = await post(JSON.stringify(body));
    expect(failed.headers.get("retry-after")).toBeNull();
    expect(await errorOf(failed)).toEqual([500, "internal", expect.stringContaining("Nothing was stored")]);
    await runInDurableObject(stub, restore);
    expect(await accept(body)).toMatchObject({ accepted: 2, duplicates: 0 });
    expect((await vectorOf(session_id)).features.custom_event_count).toBe(3);
  });

  it("writes once for batches that arrive together, and acknowledges each after the write", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0)], { session_id }));
    let writes = 0;
    await beforeEachWrite(stub, () => {
      writes += 1;
    });
    // The batches must arrive within the least time between two writes, however slow the machine is.
    const wait = scheduler.wait.bind(scheduler);
    vi.spyOn(scheduler, "wait").mockImplementation((ms) => wait(ms < 10 ? 300 : ms));
    vi.spyOn(Date, "now").mockReturnValue(Date.now());
    const seqs = Array.from({ length: 60 }, (_, index) => index + 1);
    const responses = await Promise.all(seqs.map((seq) => accept(batch([custom(seq)], { session_id }))));
    vi.restoreAllMocks();
    expect(responses).toMatchObject(seqs.map(() => ({ accepted: 1, duplicates: 0, rejected: [] })));
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThan(10);
    await evictDurableObject(stub);
    expect((await vectorOf(session_id)).delivery.received).toBe(61);
  });

  it("acknowledges none of the batches that wait for a failed write", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0)], { session_id }));
    let writes = 0;
    const restore = await beforeEachWrite(stub, () => {
      writes += 1;
      if (writes > 1) throw new Error("disk full");
    });
    const bodies = Array.from({ length: 20 }, (_, index) => batch([custom(index + 1)], { session_id }));
    const responses = await Promise.all(bodies.map((body) => post(JSON.stringify(body))));
    await runInDurableObject(stub, restore);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 503]));
    for (const [index, { status }] of responses.entries()) {
      const [accepted, duplicates] = status === 200 ? [0, 1] : [1, 0];
      expect(await accept(bodies[index])).toMatchObject({ accepted, duplicates });
    }
    expect((await vectorOf(session_id)).features.custom_event_count).toBe(21);
  });

  it("acknowledges no batch that the failure of another one undid", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    await accept(batch([custom(0)], { session_id }));
    const restore = await runInDurableObject(stub, (instance) => {
      const { tenants } = instance as unknown as { tenants: Tenants };
      const shop = tenantOf(tenants, "shop");
      const { session } = shop.definitions;
      const fold: Engine["fold"] = (state, event, context) => {
        if (event.type === "custom" && event.name === "defect") throw new Error("defect");
        return session.fold(state, event, context);
      };
      const definitions = { ...shop.definitions, session: { ...session, fold } };
      Object.assign(instance, { tenants: new Map([["shop", { ...shop, definitions }]]) });
      return () => Object.assign(instance, { tenants });
    });
    const bodies = Array.from({ length: 40 }, (_, index) =>
      batch([custom(index + 1, index % 8 === 5 ? "defect" : "x")], { session_id }),
    );
    const responses = await Promise.all(bodies.map((body) => post(JSON.stringify(body))));
    await runInDurableObject(stub, restore);
    await evictDurableObject(stub);
    // The defect of a batch makes no other batch fail for good.
    for (const [index, { status }] of responses.entries())
      expect(index % 8 === 5 ? [500] : [200, 503]).toContain(status);
    const acknowledged = responses.filter(({ status }) => status === 200).length;
    expect((await vectorOf(session_id)).delivery.received).toBe(1 + acknowledged);
    expect(acknowledged).toBeLessThanOrEqual(35);
    for (const [index, { status }] of responses.entries()) {
      if (status !== 200) expect(await accept(bodies[index])).toMatchObject({ accepted: 1, duplicates: 0 });
    }
    expect((await vectorOf(session_id)).features.custom_event_count).toBe(41);
  });

  it("stores one row, which does not grow with its events", async () => {
    const session_id = newSession();
    const stub = SESSION.getByName(`shop:${session_id}`);
    const rows = () => runInDurableObject(stub, (_, { storage }) => rowsOf(storage));
    const size = async () => new TextEncoder().encode(JSON.stringify(await rows())).length;
    for (let turn = 0; turn < 40; turn += 1) {
      await accept(
        batch(
          Array.from({ length: 50 }, (_, index) => custom(turn * 50 + index)),
          { session_id, sent_at: NOW + 100_000 },
        ),
      );
      if (turn === 0) expect(await size()).toBeLessThan(8192);
    }
    expect((await vectorOf(session_id)).delivery.received).toBe(2000);
    expect(await size()).toBeLessThan(8192);
    expect(await rows()).toHaveLength(1);
  });

  it("leaves nothing behind after a batch of which nothing counted, and counts it with a later one", async () => {
    const session_id = newSession();
    const rows = () =>
      runInDurableObject(SESSION.getByName(`shop:${session_id}`), async (_, { storage }) => [
        ...rowsOf(storage),
        ...[await storage.getAlarm()].filter((at) => at !== null),
      ]);
    const nothing = batch([{ ...custom(0), name: 1 }, null, { ...custom(1), view_id: "view000002" }], { session_id });
    const tooOld = batch([{ ...custom(2), time: 0 }], { session_id });
    expect((await accept(nothing)).rejected).toHaveLength(3);
    expect((await accept(tooOld)).tab?.acknowledged).toEqual([[0, 2]]);
    expect(await rows()).toEqual([]);
    expect((await read(session_id)).status).toBe(404);

    await accept(batch([custom(3)], { session_id }));
    expect(await rows()).not.toEqual([]);
    expect((await vectorOf(session_id)).delivery).toMatchObject({ received: 1, rejected: 3, missing: 0 });
    expect((await accept(nothing)).rejected).toHaveLength(3);
  });

  it("counts events that the client reports as dropped", async () => {
    const session_id = newSession();
    await accept(batch([custom(5)], { session_id, dropped: [{ from_seq: 0, to_seq: 2, reason: "overflow" }] }));
    expect((await vectorOf(session_id)).delivery).toEqual({
      received: 1,
      duplicates: 0,
      rejected: 0,
      dropped: 3,
      missing: 2,
    });
  });

  it("corrects a wrong clock, and keeps the order of events", async () => {
    const session_id = newSession();
    const wrong = Date.now() - 3_600_000;
    await accept(
      batch(
        [
          { ...custom(0), time: wrong - 500 },
          { ...custom(1), time: wrong - 100 },
        ],
        { session_id, sent_at: wrong },
      ),
    );
    const { event_time, features } = await vectorOf(session_id);
    expect(features.session_duration_ms).toBe(400);
    expect(Math.abs(event_time - (Date.now() - 100))).toBeLessThan(5000);
  });

  it("keeps the times of a right clock when its first request is slow", async () => {
    const session_id = newSession();
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const first of [0, 10, 20, 30, 40]) {
        const events = Array.from({ length: 10 }, (_, index) => ({
          ...custom(first + index),
          time: begin + (first + index) * 200,
        }));
        const sent_at = begin + first * 200 + 2_000;
        vi.setSystemTime(sent_at + (first === 0 ? 3_000 : 40));
        await accept(batch(events, { session_id, sent_at }));
      }
    } finally {
      vi.useRealTimers();
    }
    const { features, event_time } = await vectorOf(session_id);
    expect([features.session_duration_ms, event_time]).toEqual([9_800, begin + 9_800]);
  });

  it("counts no event that is older than 8 days, or whose number is far above the others", async () => {
    const session_id = newSession();
    const sent_at = Date.now();
    const events = [
      { ...custom(0), time: sent_at - 1_000 },
      { ...custom(1), time: 0 },
      { ...custom(1_000_000_000), time: sent_at },
    ];
    const { accepted, rejected } = await accept(batch(events, { session_id, sent_at }));
    expect([accepted, rejected.map(({ index, code }) => [index, code])]).toEqual([
      1,
      [
        [1, "too_old"],
        [2, "too_many_missing"],
      ],
    ]);
    const { features, delivery } = await vectorOf(session_id);
    expect(features.session_duration_ms).toBe(0);
    expect(delivery).toEqual({ received: 1, duplicates: 0, rejected: 1, dropped: 0, missing: 0 });
  });

  it("limits the gaps that a client can create by skipping numbers", async () => {
    const session_id = newSession();
    const skipping = Array.from({ length: 300 }, (_, index) => custom(index * 2));
    const acceptIn = (tab: number, events: unknown[]) =>
      accept(batch(events, { session_id, tab_id: `tab000000${tab}` }));
    for (const tab of [1, 2, 3]) expect(await acceptIn(tab, skipping)).toMatchObject({ accepted: 300 });
    const response = await acceptIn(4, skipping);
    expect(response.accepted).toBe(124);
    expect(response.rejected).toHaveLength(176);
    expect(response.rejected[0]).toMatchObject({ index: 124, code: "too_many_gaps", path: "seq" });
    expect(await acceptIn(1, [custom(1)])).toMatchObject({ accepted: 1 });
  });
});
