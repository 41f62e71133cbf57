import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shardFor } from "../../src/entities/shards.ts";
import { type Env, entityShardOf } from "../../src/env.ts";
import { request } from "../workers/client.ts";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

/** More characters than fit into one entry of the journal: a push with so many makes an object write its rows. */
const LONG = 600_000;

const shardOf = (site: string, sku: string) => entityShardOf(bindings, tenant(site), shardFor(`product:${sku}`));

/** Where a site holds a product: in its first partition, or in a shard. */
const places = {
  partition: { prepare: async () => {}, objectOf: partition },
  shard: {
    prepare: async (site: string) => {
      splitNext(site);
      await apply(site, "first", pushOf(1, ["first"]));
    },
    objectOf: shardOf,
  },
};

type Stub = DurableObjectStub;

/** Stops an object as a crash does. */
const stop = (stub: Stub) => runInDurableObject(stub, (_, state) => state.abort("the object stops")).catch(() => {});

const setAsideOf = async (site: string): Promise<number> => {
  const text = await (await request("/metrics", { headers: { authorization: "Bearer admin-key" } })).text();
  return Number(
    text.match(new RegExp(`^tidemark_rows_set_aside_total\\{site="${site}",entity="product"\\} (\\d+)$`, "m"))?.[1] ??
      0,
  );
};

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "error").mockImplementation((text) => void logged.push(`${text}`));
});
afterEach(() => {
  vi.restoreAllMocks();
  traffic.isHot = () => false;
  traffic.fault = () => undefined;
});

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Makes writes of some keys fail in each object. */
const failWritesOf = async (stub: Stub, isFailing: (key: string) => boolean, message: string) =>
  runInDurableObject(stub, (_, { storage }) => {
    const prototype = Object.getPrototypeOf(storage.kv) as SyncKvStorage;
    const { put } = prototype;
    vi.spyOn(prototype, "put").mockImplementation(function (this: SyncKvStorage, key, value) {
      if (isFailing(key)) throw new Error(message);
      put.call(this, key, value);
    });
  });

describe.each(Object.entries(places))("a row that cannot be written, in a %s", (_, { prepare, objectOf }) => {
  it("is set aside because it is too long: it is logged and counted, and the site goes on", async () => {
    const site = nextSite();
    await prepare(site);
    // Two long browsers together are longer than a value may be.
    await apply(site, "one", pushOf(1, ["big"], "x".repeat(2 * LONG)));
    await eventually(async () => expect(await eventsOf(site, "big")).toBe(1));
    const second = pushOf(1, ["big"], "y".repeat(2 * LONG));
    await apply(site, "two", second);
    await eventually(async () => expect(await setAsideOf(site)).toBe(1));
    expect(logged.filter((text) => text.includes("cannot be written"))).toEqual([
      expect.stringMatching(`^site ${site}: the row of product:big cannot be written, and keeps its earlier values: `),
    ]);
    expect(await eventsOf(site, "big")).toBe(1);

    await apply(site, "two", [second, pushOf(2, ["big", "other"])]);
    await eventually(async () => expect([await eventsOf(site, "big"), await eventsOf(site, "other")]).toEqual([2, 1]));
    for (const stub of [partition(site), objectOf(site, "big" as never)]) await stop(stub);
    expect([await eventsOf(site, "big"), await eventsOf(site, "other")]).toEqual([2, 1]);
  });

  it("is set aside because its object is full", async () => {
    const site = nextSite();
    await prepare(site);
    await apply(site, "one", pushOf(1, ["full"], "x".repeat(LONG)));
    await eventually(async () => expect(await eventsOf(site, "full")).toBe(1));
    const stub = objectOf(site, "full" as never);
    await failWritesOf(stub, (key) => key === "product:full", "database or disk is full: SQLITE_FULL");
    // The same object: products of one shard.
    const others = Array.from({ length: 60 }, (_, index) => `other-${index}`);
    const [other] = others.filter((sku) => shardFor(`product:${sku}`) === shardFor("product:full")) as [string];
    await apply(site, "two", pushOf(1, ["full", other], "y".repeat(LONG / 2 + 1_000)));
    await eventually(async () => expect(await setAsideOf(site)).toBe(1));
    expect([await eventsOf(site, "full"), await eventsOf(site, other)]).toEqual([1, 1]);
    await stop(stub);
    expect([await eventsOf(site, "full"), await eventsOf(site, other)]).toEqual([1, 1]);
  });

  it("may not become longer in an object of 9.5 GB, before the platform stops the object", async () => {
    const site = nextSite();
    await prepare(site);
    await apply(site, "one", pushOf(1, ["grown"], "x".repeat(LONG)));
    await eventually(async () => expect(await eventsOf(site, "grown")).toBe(1));
    await runInDurableObject(objectOf(site, "grown" as never), (_, { storage }) => {
      vi.spyOn(Object.getPrototypeOf(storage.sql) as SqlStorage, "databaseSize", "get").mockReturnValue(9_600_000_000);
    });
    splitNext("none");
    await apply(site, "two", pushOf(1, ["grown"], "y".repeat(LONG)));
    await eventually(async () => expect(await setAsideOf(site)).toBeGreaterThan(0));
    expect(logged.join()).toContain("no space for longer rows");
  });
});

describe.each(Object.entries(places))("a push whose write fails, in a %s", (_, { prepare, objectOf }) => {
  it.each([
    ["ledger", (key: string) => key.startsWith("ledger")],
    ["journal", (key: string) => key === "consumed"],
  ])("counts as merged only when it is merged: %s", async (_, isFailing) => {
    const site = nextSite();
    await prepare(site);
    await apply(site, "one", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1));
    const stub = objectOf(site, "sku" as never);
    await failWritesOf(stub, isFailing, "the write fails");
    const push = pushOf(1, ["sku"], "x".repeat(LONG));
    const outcome = await apply(site, "two", push).then(
      () => "durable",
      (error: Error) => error.message,
    );
    // A partition with shards has merged the push, and repeats it until the shard confirms it.
    if (outcome !== "durable") {
      expect(outcome).toBe("the write fails");
      expect(await eventsOf(site, "sku")).toBe(1);
    } else await eventually(async () => expect(logged.join()).toContain("a shard could not be reached"));
    vi.restoreAllMocks();
    vi.spyOn(console, "error").mockReturnValue();
    await eventually(async () => {
      await apply(site, "two", push);
      await apply(site, `waking-${crypto.randomUUID()}`, pushOf(1, ["waking"]));
      expect(await eventsOf(site, "sku")).toBe(2);
    });
    await stop(stub);
    await apply(site, "two", push);
    expect(await eventsOf(site, "sku")).toBe(2);
  });
});
