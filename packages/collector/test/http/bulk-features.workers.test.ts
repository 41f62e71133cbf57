import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BulkResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { createTenants } from "../../src/tenants.ts";
import { errorOf, newSession, request, visitBy } from "../workers/client.ts";
import { apply, eventsOf, nextSite, pushOf, splitNext } from "../workers/sales.ts";
import { config, traffic } from "../workers/worker.ts";

const post = (body: unknown, readKey = "shop-read-key") =>
  request("/v1/features", {
    method: "POST",
    headers: { authorization: `Bearer ${readKey}` },
    body: JSON.stringify(body),
  });

const bulk = async (read: object[], more: object = {}, readKey?: string): Promise<BulkResponse> => {
  const response = await post({ read, deadline_ms: 10_000, ...more }, readKey);
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return response.json();
};

afterEach(() => {
  traffic.isHot = () => false;
});

describe("POST /v1/features", () => {
  it("serves vectors of several kinds in the order of the request, and names the missing ones with the reason", async () => {
    const session = await visitBy("bulk-ann");
    const unknown = newSession();
    const { vectors, missing } = await bulk([
      { entity: "user", id: "bulk-ann", features: ["user_session_count"] },
      { entity: "session", id: unknown, set: "reading" },
      { entity: "session", id: session, set: "reading:1" },
      { entity: "session", id: session, set: "reading" },
      { entity: "session", id: "blog.session-1" },
      { entity: "user", id: "nobody" },
      { entity: "page", id: "/a", set: "assists" },
    ]);
    expect(vectors).toMatchObject([
      { entity: "user", id: "bulk-ann", age_ms: expect.any(Number), features: { user_session_count: 1 } },
      { entity: "session", id: session, set: { name: "reading", version: 1 }, features: { event_count: 2 } },
      { entity: "session", id: session, set: { name: "reading", version: 2 }, features: { page_view_count: 1 } },
      { entity: "page", id: "/a", set: { name: "assists", version: 1 } },
    ]);
    expect(Object.keys(vectors[0]?.features ?? {})).toEqual(["user_session_count"]);
    const message = expect.any(String);
    expect(missing).toEqual([
      { entity: "session", id: unknown, set: "reading", code: "not_found", message },
      { entity: "session", id: "blog.session-1", code: "foreign_session", message },
      { entity: "user", id: "nobody", code: "not_found", message },
    ]);
  });

  it("reads 500 entities of a site with shards, each from its shard", async () => {
    const site = nextSite();
    const skus = Array.from({ length: 499 }, (_, index) => `sku-${index}`);
    splitNext(site);
    await apply(site, "one", pushOf(1, skus));
    await vi.waitFor(async () => expect(await eventsOf(site, "sku-498")).toBe(1), 20_000);
    await vi.waitFor(async () => {
      const read = [...skus, "none"].map((id) => ({ entity: "product", id, features: ["product_events"] }));
      const { vectors, missing } = await bulk(read, {}, site.replace("split", "split-"));
      expect(vectors.map(({ id, features }) => [id, features.product_events])).toEqual(skus.map((sku) => [sku, 1]));
      expect(missing).toMatchObject([{ id: "none", code: "not_found" }]);
    }, 20_000);
  });

  it("returns at its deadline, with the vectors that it has", async () => {
    const session = await visitBy("bulk-bob");
    // Objects of entities that do not respond.
    const PARTITION = { getByName: () => ({ readAll: () => new Promise(() => {}) }) };
    const app = createApp(config, createTenants(config));
    const read = [
      { entity: "session", id: session },
      { entity: "user", id: "bulk-bob" },
    ];
    const init = {
      method: "POST",
      headers: { authorization: "Bearer shop-read-key" },
      body: JSON.stringify({ read, deadline_ms: 2_000 }),
    };
    const bindings = { ...env, PARTITION, ENTITY_SHARD: PARTITION };
    const response = await app.request("/v1/features", init, bindings, createExecutionContext());
    const { vectors, missing } = await response.json<BulkResponse>();
    expect(vectors).toMatchObject([{ entity: "session", id: session }]);
    expect(missing).toMatchObject([{ entity: "user", id: "bulk-bob", code: "deadline_exceeded" }]);
  });

  it("serves the others when one object fails", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue();
    const session = await visitBy("bulk-eve");
    const fail = () => Promise.reject(Object.assign(new Error("busy"), { overloaded: true }));
    const PARTITION = { getByName: () => ({ readAll: fail }) };
    const app = createApp(config, createTenants(config));
    const read = [
      { entity: "user", id: "bulk-eve" },
      { entity: "session", id: session },
    ];
    const init = {
      method: "POST",
      headers: { authorization: "Bearer shop-read-key" },
      body: JSON.stringify({ read, deadline_ms: 10_000 }),
    };
    const bindings = { ...env, PARTITION, ENTITY_SHARD: PARTITION };
    const response = await app.request("/v1/features", init, bindings, createExecutionContext());
    expect(await response.json()).toMatchObject({
      vectors: [{ id: session }],
      missing: [{ entity: "user", id: "bulk-eve", code: "unavailable" }],
    });
    error.mockRestore();
  });

  const one = { entity: "user", id: "ann" };
  it.each<[string, unknown, number, string, string]>([
    ["no reads", {}, 400, "invalid_body", "read"],
    ["an empty list", { read: [] }, 400, "invalid_body", "read"],
    ["501 reads", { read: new Array(501).fill(one) }, 400, "invalid_body", "read"],
    ["an id that is no text", { read: [{ entity: "user", id: 5 }] }, 400, "invalid_body", "read.0.id"],
    ["an unknown field", { read: [{ ...one, sets: "reading" }] }, 400, "invalid_body", "read.0.sets"],
    ["an unknown set", { read: [{ ...one, set: "reading" }] }, 400, "invalid_body", "set: user has no set"],
    [
      "an unknown feature",
      { read: [{ ...one, features: ["no"] }] },
      400,
      "invalid_body",
      "features: user has no feature",
    ],
    ["both a set and features", { read: [{ ...one, set: "a", features: ["b"] }] }, 400, "invalid_body", "given both"],
    ["an unknown entity", { read: [{ entity: "planet", id: "mars" }] }, 404, "not_found", "planet"],
    ["no time", { read: [one], deadline_ms: 0 }, 400, "invalid_body", "deadline_ms"],
    ["a late deadline", { read: [one], deadline_ms: 10_001 }, 400, "invalid_body", "deadline_ms"],
  ])("rejects %s", async (_, body, status, code, message) => {
    expect(await errorOf(await post(body))).toEqual([status, code, expect.stringContaining(message)]);
  });

  it("rejects a query, which would have no effect", async () => {
    const response = await request("/v1/features?set=reading", {
      method: "POST",
      headers: { authorization: "Bearer shop-read-key" },
      body: JSON.stringify({ read: [one] }),
    });
    expect((await errorOf(response)).slice(0, 2)).toEqual([400, "invalid_query"]);
  });
});
