import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { type Env, partitionOf, sessionOf } from "../../src/env.ts";
import { accept, batch, custom, rollupVectorOf } from "../workers/client.ts";
import { splitSites, tenant, traffic } from "../workers/worker.ts";
import stored from "./earlier-store.json" with { type: "json" };

/**
 * The storage of the last version without partitions, for one shard (shop) and for two (blog). It has the values of the
 * shards by key, and the rows of the sessions without their padding.
 *
 * Eight sessions of four visitors sent three batches each; the first one was identified as "ann" in the second. The
 * responses to the pushes of session 6 were lost, and so were all pushes of session 7. Another visitor sent `many` batches,
 * which made the first shard write its rows.
 */
const STORES = JSON.parse(JSON.stringify(stored), (_, value) => (value?.$map ? new Map(value.$map) : value)) as Record<
  "shop" | "blog",
  { rollups: Record<string, [string, unknown][]>; sessions: Record<string, string>; many: number }
>;

const bindings = env as unknown as Env;

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64.padEnd(Math.ceil(base64.length / 4) * 4 + 64, "A")), (character) =>
    character.charCodeAt(0),
  );

/** Restores the values of an earlier shard. */
const restoreShard = async (site: string, shard: number, values: [string, unknown][]) => {
  const partition = partitionOf(bindings, tenant(site), shard);
  await runInDurableObject(partition, (_, { storage }) => {
    for (const [key, value] of values) storage.kv.put(key, value);
  });
  await evictDurableObject(partition);
};

/** Restores what the earlier version stored. */
const restore = async (site: "shop" | "blog") => {
  const { rollups, sessions } = STORES[site];
  for (const [shard, values] of Object.entries(rollups)) await restoreShard(site, Number(shard), values);
  for (const [session_id, state] of Object.entries(sessions)) {
    const session = sessionOf(bindings, tenant(site), session_id);
    await runInDurableObject(session, (_, { storage }) => {
      storage.sql.exec(
        "CREATE TABLE session_v5 (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, state BLOB NOT NULL)",
      );
      void storage.setAlarm(Date.now() + 1_800_000);
      storage.sql.exec("INSERT INTO session_v5 VALUES (1, ?, ?)", session_id, bytesOf(state).buffer as ArrayBuffer);
    });
    await evictDurableObject(session);
  }
};

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

describe.each([
  ["shop", "tm_shop_aaaaaaaa", "shop-read-key"],
  ["blog", "tm_blog_bbbbbbbb", "blog-read-key"],
] as const)("a store of the last version without partitions: %s", (site, key, readKey) => {
  const features = async (entity: string, id: string) => (await rollupVectorOf(entity, id, readKey))?.features;

  /** The number of batches is `rounds` for each session; those of session 7 have not been sent at first. */
  const expectSales = async (sessions: number[], more: number) => {
    for (const rest of [0, 1, 2]) {
      const worth = 3 * sum(sessions.filter((session) => session % 3 === rest).map((session) => 2 ** session));
      expect(await features("product", `sku-${rest}`)).toMatchObject({ product_worth: worth });
    }
    const all = sum(sessions.map((session) => (session === 0 ? 1 : 2)));
    expect(await features("product", "sku-all")).toMatchObject({ product_worth: all + more });
    expect(await features("product", "sku-many")).toMatchObject({ product_worth: STORES[site].many });
  };

  it("is served as before, and after its unconfirmed pushes have been repeated", async () => {
    await restore(site);
    await expectSales([0, 1, 2, 3, 4, 5, 6], 0);
    for (let round = 0; round < 2; round += 1) {
      for (const session_id of Object.keys(STORES[site].sessions)) {
        await runDurableObjectAlarm(sessionOf(bindings, tenant(site), session_id));
        await evictDurableObject(sessionOf(bindings, tenant(site), session_id));
      }
    }
    await vi.waitFor(() => expectSales([0, 1, 2, 3, 4, 5, 6, 7], 0), { timeout: 20_000 });
    expect(traffic.pushes.filter(({ sender }) => sender.id.startsWith(site)).length).toBeGreaterThan(8);
    expect((await features("page", "/earlier-0"))?.page_views).toBe(4);
    expect(await rollupVectorOf("user", "ann", readKey)).toMatchObject({ anonymous_ids: ["earlier-browser-0"] });
  });

  it("takes more batches of its sessions", async () => {
    const events = [{ ...custom(10, "sale"), properties: { sku: "sku-all", price: 100 } }];
    for (const session of [0, 6, 7]) {
      const ids = { session_id: `${site}.earlier-session-${session}`, tab_id: `earliertab${session}` };
      expect(
        await accept(batch(events, { ...ids, anonymous_id: `earlier-browser-${session % 4}`, key })),
      ).toMatchObject({
        accepted: 1,
      });
    }
    await vi.waitFor(() => expectSales([0, 1, 2, 3, 4, 5, 6, 7], 300), { timeout: 20_000 });
  });
});

it("an earlier shard that no split created, and that reads did not ask, is handed over too", async () => {
  const { id: site } = splitSites[39] as (typeof splitSites)[number];
  const [first = [], second = []] = Object.values(STORES.blog.rollups);
  // A session applied the depth of shard 0 to any hash, and sent its pushes to shard 3, though shard 1 was not split.
  await restoreShard(site, 0, [...first.filter(([key]) => key !== "meta"), ["meta", { depth: 2, generation: 1 }]]);
  await restoreShard(site, 1, [["meta", { depth: 1, generation: 0 }]]);
  await restoreShard(site, 3, second);
  const worthOf = async (sku: string) => (await rollupVectorOf("product", sku, "split-39"))?.features.product_worth;
  const skus = ["sku-0", "sku-1", "sku-2", "sku-all", "sku-many"];
  const expected = [3 * (1 + 8 + 64), 3 * (2 + 16), 3 * (4 + 32), 13, STORES.blog.many];
  await vi.waitFor(async () => expect(await Promise.all(skus.map(worthOf))).toEqual(expected), { timeout: 20_000 });
  for (const shard of [0, 1, 3]) await runDurableObjectAlarm(partitionOf(bindings, tenant(site), shard));
  expect(await Promise.all(skus.map(worthOf))).toEqual(expected);
});
