import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type Engine, type EngineEvent, hashOf, type StateLayout } from "@tidemark/engine";
import fc from "fast-check";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { entityKey, type Push } from "../../src/entities/push.ts";
import { type Env, partitionOf, sessionOf } from "../../src/env.ts";
import type { SessionSender } from "../../src/partition/partition.ts";
import {
  accept,
  batch,
  custom,
  errorOf,
  NOW,
  newSession,
  page,
  post,
  readRollup,
  request,
  rewriteSession,
  rollupVectorOf,
  view,
} from "../workers/client.ts";
import { type Fault, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

/** Creates an id that no other test uses. */
const newId = (name: string) => `${name}-${crypto.randomUUID().slice(0, 8)}`;

const sale = (seq: number, sku: string, price: number) => ({ ...custom(seq, "sale"), properties: { sku, price } });

/** Waits for an effect, however slow the machine is. `freshness.workers.test.ts` tests the time until it shows. */
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** Runs the session's alarm until its pushes have arrived. An alarm that fires by itself meanwhile cannot be run. */
const runAlarmsUntil = (session_id: string, arrived: () => Promise<void>) =>
  vi.waitFor(
    async () => {
      await runDurableObjectAlarm(sessionOf(bindings, tenant("shop"), session_id));
      await arrived();
    },
    { timeout: 20_000, interval: 20 },
  );

/** Restarts an object from its stored state. An object that does not run needs no restart. */
const restart = async (stub: Parameters<typeof evictDurableObject>[0]) => {
  await evictDurableObject(stub).catch((error: Error) => {
    if (!/not currently running/.test(error.message)) throw error;
  });
};

/** A session as a sender that no other test uses. */
const newSender = (site = "shop"): SessionSender => ({ id: newSession(site), began_at: Date.now(), hash: 0 });

const partition = partitionOf(bindings, tenant("shop"), 0);

afterEach(() => {
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
});

describe("GET /v1/features/{entity}/{id}", () => {
  it("shows an acknowledged event in users, pages and custom entities within a second", async () => {
    const [anonymous_id, path, sku] = [newId("browser"), `/${newId("page")}`, newId("sku")];
    const body = batch([page(0), sale(1, sku, 9.9), sale(2, sku, 0.1)], { anonymous_id, views: [{ ...view, path }] });
    await accept(body);
    await eventually(async () => {
      expect(await rollupVectorOf("user", anonymous_id)).toMatchObject({
        entity: "user",
        id: anonymous_id,
        definition_version: expect.stringMatching(/^[0-9a-f]{12}$/),
        late: 0,
        too_late: 0,
        features: { user_session_count: 1 },
      });
      expect((await rollupVectorOf("page", path))?.features).toMatchObject({ page_views: 1, page_visitors_today: 1 });
      expect((await rollupVectorOf("product", sku))?.features).toEqual({
        product_events: 2,
        product_worth: 10,
        product_last_price: 0.1,
        product_last_buyer: null,
      });
    });
    const vector = await rollupVectorOf("product", sku);
    expect(vector?.watermark).toBe((vector?.event_time ?? 0) - 5_000);
    expect(vector?.age_ms).toBeGreaterThanOrEqual(0);
    expect(Math.abs((vector?.event_time ?? 0) + (vector?.age_ms ?? 0) - Date.now())).toBeLessThan(5_000);
  });

  it("returns not_found for an unknown id or entity", async () => {
    expect(await errorOf(await readRollup("user", newId("nobody")))).toEqual([
      404,
      "not_found",
      expect.stringContaining("Site shop has no user"),
    ]);
    expect(await errorOf(await readRollup("cart", "1"))).toEqual([
      404,
      "not_found",
      'No feature is defined for "cart"; expected one of session, user, page, product.',
    ]);
  });

  it("requires the read key, also from a page of the site", async () => {
    const origin = "https://shop.example";
    const byPage = await request("/v1/features/user/ann?key=tm_shop_aaaaaaaa", { headers: { origin } });
    expect(await errorOf(byPage)).toEqual([401, "unauthorized", expect.stringContaining("Bearer")]);
    expect(await errorOf(await readRollup("user", "ann", "wrong"))).toEqual([401, "unauthorized", expect.any(String)]);
  });

  it("separates sites that use the same ids", async () => {
    const user_id = newId("ann");
    await accept(batch([custom(0)], { user_id }));
    await eventually(async () => expect(await rollupVectorOf("user", user_id)).toBeDefined());
    expect(await rollupVectorOf("user", user_id, "blog-read-key")).toBeUndefined();
    await accept(batch([custom(0), custom(1)], { user_id, session_id: newSession("blog"), key: "tm_blog_bbbbbbbb" }));
    await eventually(async () => expect(await rollupVectorOf("user", user_id, "blog-read-key")).toBeDefined());
    const counts = await Promise.all(
      ["shop-read-key", "blog-read-key"].map(
        async (key) => (await rollupVectorOf("user", user_id, key))?.features.user_session_count,
      ),
    );
    expect(counts).toEqual([1, 1]);
  });

  it("merges the sessions of an identified user on two devices, and lists the earlier browsers", async () => {
    const user_id = newId("ann");
    const [phone, laptop] = [newId("phone"), newId("laptop")];
    const onPhone = { session_id: newSession(), anonymous_id: phone };
    const onLaptop = { session_id: newSession(), anonymous_id: laptop };
    await accept(batch([custom(0)], onPhone));
    await accept(batch([{ type: "identify", seq: 1, time: NOW + 1, user_id }], onPhone));
    await accept(batch([custom(2)], { ...onPhone, user_id }));
    await accept(batch([custom(0), custom(1)], { ...onLaptop, user_id }));
    await eventually(async () => {
      expect(await rollupVectorOf("user", user_id)).toMatchObject({
        features: { user_session_count: 2 },
        anonymous_ids: expect.arrayContaining([phone, laptop]),
      });
      const before = await rollupVectorOf("user", phone);
      expect(before?.features.user_session_count).toBe(1);
      expect(before).not.toHaveProperty("anonymous_ids");
    });
    expect(await rollupVectorOf("user", laptop)).toBeUndefined();
  });
});

describe("a partition", () => {
  const worth = async (sku: string) => (await rollupVectorOf("product", sku))?.features.product_worth;

  /** Sends the pushes of a number of sessions of other visitors, each with one sale for 1. */
  const pushFrom = async (
    size: number,
    sku: string,
    { site = "shop", user = (): string | undefined => newId("other") } = {},
  ) => {
    const engine = (entity: string) => tenant("shop").definitions.rollups.get(entity)?.engine as Engine;
    const sold = engine("product").emptyPartialState();
    const layouts = { user: engine("user").layout, product: engine("product").layout };
    const event = { ...sale(0, sku, 1), tab_id: "tab0000001" } as EngineEvent;
    engine("product").foldUnchecked(sold, event, event);
    const pushes = Array.from({ length: size }, () => {
      const id = user();
      const deltas = {
        ...(id && { [entityKey("user", id)]: engine("user").emptyPartialState() }),
        [entityKey("product", sku)]: sold,
      };
      const text = JSON.stringify([{ n: 1, layouts, deltas }] satisfies Push[]);
      return partitionOf(bindings, tenant(site), 0).apply(site, 0, newSender(site), text);
    });
    await Promise.all(pushes);
  };

  const pushesOf = (session_id: string) =>
    traffic.pushes.filter(({ sender }) => sender.id === session_id).map(({ push }) => push);

  const senderOf = (session_id: string) =>
    traffic.pushes.find(({ sender }) => sender.id === session_id)?.sender as SessionSender;

  it("merges a push once under any repetition and order", async () => {
    const sku = newId("sku");
    const session_id = newSession();
    await accept(batch([sale(0, sku, 1), sale(1, sku, 2)], { session_id }));
    await eventually(async () => expect(await worth(sku)).toBe(3));
    await accept(batch([sale(2, sku, 4)], { session_id }));
    await eventually(async () => expect(await worth(sku)).toBe(7));
    const sent = pushesOf(session_id);
    expect(sent).toHaveLength(2);
    const sender = senderOf(session_id);
    const apply = (pushes: Push[]) => partition.apply("shop", 0, sender, JSON.stringify(pushes));
    await Promise.all([sent, ...sent.map((each) => [each])].map(apply));
    await evictDurableObject(partition);
    for (const each of sent) await apply([each]);
    expect(await worth(sku)).toBe(7);
    await partition.apply("shop", 0, newSender(), JSON.stringify(sent.slice(0, 1)));
    expect(await worth(sku)).toBe(10);
  });

  it("merges a push once that is repeated after 600 other sessions", async () => {
    const sku = newId("sku");
    await pushFrom(1, sku);
    const { sender, push } = traffic.pushes.at(-1) as (typeof traffic.pushes)[number];
    await pushFrom(600, sku);
    expect(await worth(sku)).toBe(601);
    await evictDurableObject(partition);
    await partition.apply("shop", 0, sender as SessionSender, JSON.stringify([push]));
    expect(await worth(sku)).toBe(601);
  });

  /** Sets the time that a shard waits before each write. */
  const writingEvery = async (waitMs: number, work: () => Promise<void>) => {
    const wait = scheduler.wait.bind(scheduler);
    vi.spyOn(scheduler, "wait").mockImplementation(() => wait(waitMs));
    await work();
    vi.restoreAllMocks();
  };

  /** More pushes with long ids than fit into one entry of the journal. */
  const many = 700;
  const longId = (name: string) => newId(name).padEnd(200, "x");
  const writtenUntil = () => runInDurableObject(partition, (_, { storage }) => storage.kv.get<number>("consumed") ?? 0);

  it("restores its rows and its journal after a restart", async () => {
    const sku = longId("sku");
    const before = await writtenUntil();
    let sold = 0;
    for (let round = 1; round <= 12; round += 1) {
      const pieces = round % 6 === 4 ? many : 20;
      await writingEvery(pieces === many ? 800 : 1, () => pushFrom(pieces, sku, { user: () => longId("other") }));
      sold += pieces;
      if (round % 3 > 0) await evictDurableObject(partition);
      expect(await worth(sku)).toBe(sold);
    }
    expect(await writtenUntil()).toBeGreaterThan(before);
  });

  it("does not replay its journal after it has written the rows, even if it no longer recognises the pushes", async () => {
    const [sku, user] = [longId("sku"), longId("user")];
    const before = await writtenUntil();
    await pushFrom(1, sku, { user: () => user });
    await writingEvery(800, () => pushFrom(many, sku, { user: () => user }));
    expect(await writtenUntil()).toBeGreaterThan(before);
    await evictDurableObject(partition);
    expect(await worth(sku)).toBe(1 + many);
  });

  it("writes rows after many small entries of the journal", async () => {
    const sku = newId("sku");
    const before = await writtenUntil();
    await writingEvery(1, async () => {
      for (let entry = 0; entry < 130; entry += 1) await pushFrom(1, sku);
    });
    expect(await writtenUntil()).toBeGreaterThan(before);
    await evictDurableObject(partition);
    expect(await worth(sku)).toBe(130);
  });

  it("is split when it is hot: new sessions of half of the visitors are bound to the other partition", async () => {
    const sku = newId("sku");
    const worthAtBlog = async () => (await rollupVectorOf("product", sku, "blog-read-key"))?.features.product_worth;
    await pushFrom(1_600, sku, { site: "blog" });
    await vi.waitFor(async () => expect(await worthAtBlog()).toBe(1_600), { timeout: 20_000 });

    const visitors = Array.from({ length: 12 }, () => ({
      anonymous_id: newId("browser"),
      session_id: newSession("blog"),
    }));
    for (const seq of [0, 1]) {
      for (const visitor of visitors) await accept(batch([sale(seq, sku, 1)], { ...visitor, key: "tm_blog_bbbbbbbb" }));
      await vi.waitFor(async () => expect(await worthAtBlog()).toBe(1_600 + (seq + 1) * visitors.length), {
        timeout: 20_000,
      });
    }
    for (const { session_id, anonymous_id } of visitors) {
      const { to } = traffic.pushes.findLast(({ sender }) => sender.id === session_id) ?? {};
      expect(to).toBe(`partition ${hashOf(anonymous_id) % 2}`);
    }
  });

  it("accepts the longest ids of the contract in any script", async () => {
    const path = `/${"潮".repeat(999)}`;
    const user_id = "汐".repeat(200);
    await accept(batch([page(0)], { user_id, views: [{ ...view, path }] }));
    await eventually(async () => {
      expect((await rollupVectorOf("page", path))?.features.page_views).toBe(1);
      expect((await rollupVectorOf("user", user_id))?.features.user_session_count).toBe(1);
    });
  });

  it("receives one push in 0.8 seconds from a busy session", async () => {
    const sku = newId("sku");
    const session_id = newSession();
    const startedAt = Date.now();
    let sent = 0;
    // Several batches at once, so that there are many in 0.8 seconds on a slow machine too.
    for (; Date.now() - startedAt < 1_200; sent += 8)
      await Promise.all([
        scheduler.wait(60),
        ...Array.from({ length: 8 }, (_, index) => accept(batch([sale(sent + index, sku, 1)], { session_id }))),
      ]);
    await eventually(async () => expect(await worth(sku)).toBe(sent));
    const pushes = pushesOf(session_id).length;
    expect(sent).toBeGreaterThan(2 * pushes);
    expect(pushes).toBeLessThanOrEqual(2 + (Date.now() - startedAt) / 800);
  });

  it("merges each event once under failures, lost responses and restarts", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), events: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 1, arbitrary: fc.constant({ do: "restart session" as const }) },
      { weight: 1, arbitrary: fc.constant({ do: "restart partition" as const }) },
      { weight: 1, arbitrary: fc.constant({ do: "alarm" as const }) },
    );
    const fault = fc.constantFrom<(Fault | undefined)[]>("lose_request", "lose_response", undefined);
    // Objects wait for the time of their next write or push only.
    const wait = scheduler.wait.bind(scheduler);
    const waits = vi.spyOn(scheduler, "wait").mockImplementation((ms) => wait(Math.min(ms, 5)));
    onTestFinished(() => waits.mockRestore());
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 10 }),
        fc.array(fault, { maxLength: 8 }),
        async (steps, faults) => {
          const sku = newId("sku");
          const session_id = newSession();
          const session = sessionOf(bindings, tenant("shop"), session_id);
          traffic.fault = ({ sender }) => (sender === session_id ? faults.shift() : undefined);
          let seq = 0;
          for (const step of steps) {
            if (step.do === "send") {
              const events = Array.from({ length: step.events }, (_, index) =>
                sale(seq + index, sku, 2 ** (seq + index)),
              );
              seq += step.events;
              await accept(batch(events, { session_id }));
            } else if (step.do === "alarm") {
              await runDurableObjectAlarm(session);
            } else {
              await restart(step.do === "restart session" ? session : partition);
            }
          }
          traffic.fault = () => undefined;
          await runAlarmsUntil(session_id, async () => {
            // Each sale sets another bit, which shows lost and repeated events.
            expect(await worth(sku)).toBe(seq === 0 ? undefined : 2 ** seq - 1);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it("reads unconfirmed deltas of an earlier deployment by their layout", async () => {
    const sku = newId("sku");
    const session_id = newSession();
    const session = sessionOf(bindings, tenant("shop"), session_id);
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    await accept(batch([sale(0, sku, 1)], { session_id }));
    await runInDurableObject(session, (_, { storage }) =>
      rewriteSession(storage, ({ push_queue }) => {
        const layout = push_queue.layouts.product as StateLayout;
        layout.accumulators = `earlier ${layout.accumulators}`;
        for (const push of [...push_queue.sealed, push_queue.open])
          push?.deltas[entityKey("product", sku)]?.cells.unshift(7);
      }),
    );
    await restart(session);
    await accept(batch([sale(1, sku, 2)], { session_id }));
    await restart(session);
    traffic.fault = () => undefined;
    await runAlarmsUntil(session_id, async () => expect(await worth(sku)).toBe(3));
  });

  it("receives all unconfirmed deltas of a restarted session, for many ids in any script", async () => {
    const session_id = newSession();
    const session = sessionOf(bindings, tenant("shop"), session_id);
    const sku = (index: number) => `${"潮汐🌊é".repeat(30)} ${session_id} ${index}`;
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    await accept(
      batch(
        Array.from({ length: 200 }, (_, index) => sale(index, sku(index), index + 1)),
        { session_id },
      ),
    );
    await restart(session);
    traffic.fault = () => undefined;
    await runAlarmsUntil(session_id, async () => {
      expect(await worth(sku(0))).toBe(1);
      expect(await worth(sku(199))).toBe(200);
    });
  });

  it("makes its sessions reject batches while too many deltas are unconfirmed, and loses none of them", async () => {
    const session_id = newSession();
    const sku = (index: number) => `${session_id}-${index}`;
    const sales = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => sale(from + index, sku(index), 1));
    traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
    // Both pushes have a delta of each product.
    await accept(batch(sales(0, 150), { session_id }));
    await accept(batch(sales(150, 150), { session_id }));
    const rejected = await post(JSON.stringify(batch(sales(300, 1), { session_id })));
    expect(await errorOf(rejected)).toEqual([503, "unavailable", expect.stringContaining("Nothing was stored")]);
    traffic.fault = () => undefined;
    await runAlarmsUntil(session_id, async () => expect(await worth(sku(149))).toBe(2));
    expect(await accept(batch(sales(300, 1), { session_id }))).toMatchObject({ accepted: 1, duplicates: 0 });
    await eventually(async () => expect(await worth(sku(0))).toBe(3));
  });
});
