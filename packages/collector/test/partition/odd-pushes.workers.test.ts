import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { defaultFeatures, defineFeatures, lifetime } from "@tidemark/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SHARDS, shardFor } from "../../src/entities/shards.ts";
import { type Env, entityShardOf } from "../../src/env.ts";
import { MAX_DEPTH, partitionFor } from "../../src/partition/binding.ts";
import { createTenants } from "../../src/tenants.ts";
import { accept, batch, NOW, page, rollupVectorOf, view } from "../workers/client.ts";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { config, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

const HOUR = 3_600_000;

/** More characters than fit into one entry of the journal: a push with so many makes an object write its rows. */
const LONG = 600_000;

const shard = (site: string, number: number) => entityShardOf(bindings, tenant(site), number);

/** Stops an object as a crash does. */
const stop = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, state) => state.abort("the object stops")).catch(() => {});

const stopAll = async (site: string) => {
  await stop(partition(site));
  for (let number = 0; number < SHARDS; number += 1) await stop(shard(site, number));
};

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

const { tenants } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  vi.spyOn(console, "error").mockReturnValue();
  // The clock stands still: objects would wait for the time of their next write or push.
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(() => wait(1));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
  traffic.tenants = tenants;
});

describe("a push counts once", () => {
  it("when a session repeats it nearly a day later, after other sessions, writes and a restart", async () => {
    const site = nextSite();
    const push = pushOf(1, ["sku"]);
    await apply(site, "old", push);
    for (let hour = 1; hour < 24; hour += 1) {
      vi.setSystemTime(NOW + hour * HOUR);
      await apply(site, `later-${hour}`, pushOf(1, ["other"], "x".repeat(LONG)));
    }
    await stop(partition(site));
    await apply(site, "old", push);
    expect(await eventsOf(site, "sku")).toBe(1);
  });

  it("when a partition repeats it days later, after the pushes of another partition", async () => {
    const site = nextSite();
    splitNext(site);
    await apply(site, "first", pushOf(1, ["other"]));
    await apply(site, "old", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1));
    for (let day = 1; day < 4; day += 1) {
      vi.setSystemTime(NOW + day * 24 * HOUR);
      await apply(site, `day-${day}`, pushOf(1, ["sku"], "x".repeat(LONG)), { number: 1, hash: 1 });
      await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1 + day));
    }
    await stopAll(site);
    traffic.pushes.length = 0;
    await apply(site, "waking", pushOf(1, ["waking"]));
    await eventually(async () => expect(await eventsOf(site, "waking")).toBe(1));
    // The stopped partition did not know that the shard had confirmed its push.
    expect(traffic.pushes.filter(({ push }) => push.deltas["product:sku"])).not.toEqual([]);
    expect(await eventsOf(site, "sku")).toBe(4);
  });

  it("when pushes with lower numbers arrive after it", async () => {
    const site = nextSite();
    await apply(site, "s", [pushOf(4, ["sku"]), pushOf(5, ["sku"])]);
    for (const n of [5, 4, 3, 0, -1]) await apply(site, "s", pushOf(n, ["sku"]));
    await apply(site, "s", [pushOf(2, ["sku"]), pushOf(5, ["sku"]), pushOf(6, ["sku"])]);
    expect(await eventsOf(site, "sku")).toBe(3);
  });
});

describe("a partition rejects", () => {
  it("a push for another site", async () => {
    const [site, other] = [nextSite(), nextSite()];
    await apply(site, "s", pushOf(1, ["sku"]));
    await expect(apply(other, "s", pushOf(1, ["sku"]), { to: site })).rejects.toThrow(`of ${site} was called as`);
    await stop(partition(site));
    await expect(apply(other, "s", pushOf(1, ["sku"]), { to: site })).rejects.toThrow(`of ${site} was called as`);
    expect([await eventsOf(site, "sku"), await eventsOf(other, "sku")]).toEqual([1, undefined]);
  });

  it.each([-1, 64, 1.5, Number.NaN, 2 ** 40])("the number %d", async (number) => {
    await expect(apply(nextSite(), "s", pushOf(1, ["sku"]), { number })).rejects.toThrow(
      `there is no partition ${number}`,
    );
  });
});

it("a shard rejects a push for another site", async () => {
  const [site, other] = [nextSite(), nextSite()];
  for (const each of [site, other]) {
    splitNext(each);
    await apply(each, "s", pushOf(1, ["sku"]));
  }
  await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1));
  const text = JSON.stringify([pushOf(1, ["sku"])]);
  const send = async () => {
    await shard(site, shardFor("product:sku")).apply(other, { id: "partition 9", began_at: 0 }, text);
  };
  await expect(send()).rejects.toThrow(`a shard of ${site} was called as one of ${other}`);
  expect(await eventsOf(site, "sku")).toBe(1);
});

it("a site has at most 64 partitions, which take all sessions", async () => {
  const site = nextSite();
  traffic.isHot = (name) => name === site;
  const sessions = Array.from({ length: 192 }, (_, index) => ({ id: `s${index}`, hash: index * 7 }));
  const used = new Set<number>();
  for (const { id, hash } of sessions) {
    let number = 0;
    for (let answer = await apply(site, id, pushOf(1, ["sku"]), { number, hash }); answer.isMoved; ) {
      expect(answer.depth).toBeLessThanOrEqual(MAX_DEPTH);
      number = partitionFor(hash, answer.depth);
      answer = await apply(site, id, pushOf(1, ["sku"]), { number, hash });
    }
    used.add(number);
  }
  const depths = await Promise.all(
    [...used].map((number) =>
      runInDurableObject(
        partition(site, number),
        (_, { storage }) => storage.kv.get<{ depth: number }>("partition")?.depth,
      ),
    ),
  );
  expect([used.size > 40, Math.max(...used) < 64, Math.max(...depths.map(Number))]).toEqual([true, true, MAX_DEPTH]);
  await eventually(async () => expect(await eventsOf(site, "sku")).toBe(sessions.length));
});

it("odd ids are handed over and read: long ones in any script, and names of JavaScript, SQL and URLs", async () => {
  const site = nextSite();
  const readKey = site.replace("split", "split-");
  const ids = ["__proto__", "constructor", "a:b", "100%", "it's", "ledger 1", "🌊".repeat(100), "a b", "ſ".normalize()];
  const paths = [`/${"潮".repeat(999)}`, "/a:b?c#d", "//", "/%2F"];
  const send = (session: string) =>
    Promise.all([
      ...ids.map((user_id, index) =>
        accept(batch([page(0)], { key: `tm_${site}_ffffffff`, session_id: `${site}.${session}-u${index}`, user_id })),
      ),
      ...paths.map((path, index) =>
        accept(
          batch([page(0)], {
            key: `tm_${site}_ffffffff`,
            session_id: `${site}.${session}-p${index}`,
            anonymous_id: `browser-${session}-${index}`,
            views: [{ ...view, path }],
          }),
        ),
      ),
    ]);
  const expectCounts = (count: number) =>
    eventually(async () => {
      const users = ids.map(async (id) => [
        id,
        (await rollupVectorOf("user", id, readKey))?.features.user_session_count,
      ]);
      const pages = paths.map(async (path) => [
        path,
        (await rollupVectorOf("page", path, readKey))?.features.page_views,
      ]);
      const counts = await Promise.all([...users, ...pages]);
      expect(counts).toEqual([...ids, ...paths].map((id) => [id, count]));
    });
  await send("before");
  await expectCounts(1);
  splitNext(site);
  await apply(site, "splitting", pushOf(1, ["sku"]));
  await expectCounts(1);
  await send("after");
  await expectCounts(2);
});

it("a handover continues after the features have changed, and keeps those that remain", async () => {
  const site = nextSite();
  const shared = { source: "custom", window: lifetime(), description: "D.", unit: "count" } as const;
  const product = { name: "product", field: "properties.sku" } as const;
  const earlier = defineFeatures([
    { ...shared, entity: product, name: "product_most", aggregate: { type: "max", field: "properties.price" } },
    { ...shared, entity: product, name: "product_events", aggregate: { type: "count" } },
    {
      ...shared,
      entity: { name: "author", field: "properties.author" },
      name: "stories",
      aggregate: { type: "count" },
    },
  ]);
  const skus = Array.from({ length: 40 }, (_, index) => `sku-${index}`);
  traffic.tenants = createTenants({ ...config, featureSets: [], features: [...defaultFeatures, ...earlier] });
  await apply(site, "one", [pushOf(1, skus)]);
  await runInDurableObject(partition(site), (_, { storage }) => {
    storage.kv.put("author:ann", '{"engine":{"accumulators":"a","cells":[1]},"anonymous_ids":[]}');
  });
  // Half of the shards take their rows before the features change.
  let taken = 0;
  traffic.fault = ({ method }) => {
    if (method !== "take") return undefined;
    taken += 1;
    return taken > SHARDS / 2 ? "lose_request" : undefined;
  };
  splitNext(site);
  await apply(site, "two", pushOf(1, skus));
  await eventually(async () => expect(taken).toBeGreaterThan(SHARDS / 2));
  traffic.tenants = tenants;
  await stopAll(site);
  const counts = async () => Promise.all(skus.map((sku) => eventsOf(site, sku)));
  await eventually(async () => {
    await runDurableObjectAlarm(partition(site));
    expect(await counts()).toEqual(skus.map(() => 2));
  });
  traffic.fault = () => undefined;
  await apply(site, "three", pushOf(1, skus));
  await eventually(async () => {
    vi.setSystemTime(Date.now() + 5_000);
    await runDurableObjectAlarm(partition(site));
    expect(await counts()).toEqual(skus.map(() => 3));
    const left = await runInDurableObject(partition(site), (_, { storage }) => [
      ...storage.kv.list({ prefix: "product:" }),
    ]);
    expect(left).toEqual([]);
  });
});
