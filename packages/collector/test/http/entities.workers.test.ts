import { createExecutionContext, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ActiveEntitiesResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { createTenants } from "../../src/tenants.ts";
import { errorOf, NOW, request, rollupVectorOf, visitBy } from "../workers/client.ts";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { config, traffic } from "../workers/worker.ts";

const get = (path: string, readKey = "shop-read-key") =>
  request(`/v1/entities/${path}`, { headers: { authorization: `Bearer ${readKey}` } });

const pageOf = async (path: string, readKey?: string): Promise<ActiveEntitiesResponse> => {
  const response = await get(path, readKey);
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return response.json();
};

/** Lists all entities, page by page. */
const listAll = async (entity: string, since: number | string, readKey?: string) => {
  const all: ActiveEntitiesResponse["entities"] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const next: ActiveEntitiesResponse = await pageOf(`${entity}?active_since=${since}${query}`, readKey);
    all.push(...next.entities);
    cursor = next.cursor;
  }
  return all;
};

afterEach(() => {
  traffic.isHot = () => false;
});

describe("GET /v1/entities/{entity}", () => {
  it("lists the users, pages and sessions that were active since a time", async () => {
    const since = Date.now() - 60_000;
    const session = await visitBy("active-ann");
    const user = await rollupVectorOf("user", "active-ann");
    const users = await listAll("user", since);
    expect(users).toContainEqual({
      id: "active-ann",
      event_time: user?.event_time,
      age_ms: expect.any(Number),
    });
    expect((await listAll("page", new Date(since).toISOString())).map(({ id }) => id)).toContain("/a");
    expect((await listAll("session", since)).map(({ id }) => id)).toContain(session);
    for (const entity of ["user", "page", "session"]) expect(await listAll(entity, Date.now() + 60_000)).toEqual([]);
    expect(await listAll("user", since, "blog-read-key")).toEqual([]);
  });

  it("lists 1,000 on a page, of each shard of a site, each once", async () => {
    const site = nextSite();
    const readKey = site.replace("split", "split-");
    const skus = Array.from({ length: 1_500 }, (_, index) => `sku-${index}`);
    // The events of these pushes are some years old.
    vi.useFakeTimers({ toFake: ["Date"], now: NOW + 100_000 });
    const since = NOW - 1;
    await apply(site, "one", pushOf(1, skus));
    try {
      const first = await pageOf(`product?active_since=${since}`, readKey);
      expect(first.entities).toHaveLength(1_000);
      const all = await listAll("product", since, readKey);
      expect(all.map(({ id }) => id).sort()).toEqual(skus.sort());
      splitNext(site);
      await apply(site, "two", pushOf(1, ["sku-0"]));
      await vi.waitFor(async () => expect(await eventsOf(site, "sku-0")).toBe(2), 20_000);
      await vi.waitFor(async () => {
        const after = await listAll("product", since, readKey);
        expect(after.map(({ id }) => id).sort()).toEqual(skus.sort());
      }, 20_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(["its first partition", "a split partition"])(
    "keeps the time of a session in %s that has left the memory",
    async (kind) => {
      const site = nextSite();
      const readKey = site.replace("split", "split-");
      vi.useFakeTimers({ toFake: ["Date"], now: NOW });
      try {
        if (kind === "a split partition") {
          splitNext(site);
          await apply(site, "first", pushOf(1, []));
        }
        await apply(site, "session-one", pushOf(1, ["sku"]));
        vi.setSystemTime(NOW + 900_000);
        await evictDurableObject(partition(site));
        const sessions = await listAll("session", NOW - 1, readKey);
        expect(sessions).toContainEqual({ id: `${site}.session-one`, event_time: NOW, age_ms: 900_000 });
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it.each([
    ["user", "invalid_query", "active_since"],
    ["user?active_since=yesterday", "invalid_query", "active_since"],
    ["user?active_since=2020-01-01", "invalid_query", "30 days"],
    [`user?active_since=${Date.now()}&limit=5`, "invalid_query", "limit: unknown parameter"],
    [`user?active_since=${Date.now()}&cursor=5`, "invalid_query", "cursor"],
    ["user?active_since=hello 2027", "invalid_query", "active_since"],
    ...["p0.1.page:/a", "p0.", "p0.user:a", "p1.1.user:a", "s0.1.zzz"].map((cursor) => [
      ...[`user?active_since=${Date.now()}&cursor=${cursor}`, "invalid_query", "cursor of the previous page"],
    ]),
    ...["p0.user:a", "p0.ledger ", "p63.ledger 000179598717a"].map((cursor) => [
      ...[`session?active_since=${Date.now()}&cursor=${cursor}`, "invalid_query", "cursor of the previous page"],
    ]),
    [`planet?active_since=${Date.now()}`, "not_found", "planet"],
  ])("rejects %s", async (path = "", code, message = "") => {
    expect((await errorOf(await get(path))).slice(1)).toEqual([code, expect.stringContaining(message)]);
  });

  it("responds unavailable while a site is being split", async () => {
    const [depth, active] = [async () => 1, async () => undefined];
    const [PARTITION, ENTITY_SHARD] = [
      { getByName: () => ({ depth }) },
      { getByName: () => ({ activeSince: active }) },
    ];
    const app = createApp(config, createTenants(config));
    const headers = { authorization: "Bearer split-0" };
    const path = `/v1/entities/product?active_since=${Date.now()}`;
    const response = await app.request(
      path,
      { headers },
      { ...env, PARTITION, ENTITY_SHARD },
      createExecutionContext(),
    );
    expect((await errorOf(response)).slice(0, 2)).toEqual([503, "unavailable"]);
  });
});
