import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, entityShardOf, partitionOf, sessionOf } from "../../src/env.ts";
import { BATCH_VERSION } from "../../src/session/batch.ts";
import { SESSION_VERSION } from "../../src/session/row.ts";
import {
  accept,
  batch,
  custom,
  newSession,
  post,
  read,
  rewriteSession,
  rollupVectorOf,
  rowsOf,
} from "../workers/client.ts";
import { eventsOf, nextSite, partition, pushOf } from "../workers/sales.ts";
import { tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const objectOf = (session_id: string) => sessionOf(bindings, tenant("shop"), session_id);

const storedIn = (session_id: string) => runInDurableObject(objectOf(session_id), (_, { storage }) => rowsOf(storage));

/** Changes what a session has stored, as another release would, and unloads it. */
const rewrite = async (session_id: string, change: Parameters<typeof rewriteSession>[1]) => {
  await runInDurableObject(objectOf(session_id), (_, { storage }) => rewriteSession(storage, change));
  await evictDurableObject(objectOf(session_id));
};

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a session stored by a later release", () => {
  it.each([
    ["of the session", { version: SESSION_VERSION + 1 }],
    ["of its features", { engine: { version: 99 } }],
  ])("is not touched: a later version %s", async (_, later) => {
    const session_id = newSession();
    const sent = batch([custom(0)], { session_id });
    await accept(sent);
    let before: Record<string, unknown> = {};
    await rewrite(session_id, (stored) => {
      before = structuredClone({ version: stored.version, engine: stored.engine });
      Object.assign(stored, later, "engine" in later && { engine: { ...stored.engine, ...later.engine } });
    });
    const rows = await storedIn(session_id);
    expect((await post(JSON.stringify(sent))).status).toBe(503);
    expect((await read(session_id)).status).toBe(503);
    expect(await storedIn(session_id)).toEqual(rows);

    // The object runs in the later release, or the deployment returns to this one.
    await rewrite(session_id, (stored) => Object.assign(stored, before));
    expect(await accept(sent)).toMatchObject({ accepted: 0, duplicates: 1 });
  });
});

it("an alarm of a session that a later release stored fires again in an hour, and changes nothing", async () => {
  const session_id = newSession();
  await accept(batch([custom(0)], { session_id }));
  await rewrite(session_id, (stored) => {
    stored.version = SESSION_VERSION + 1;
  });
  const rows = await storedIn(session_id);
  const ranAt = Date.now();
  expect(await runDurableObjectAlarm(objectOf(session_id))).toBe(true);
  const alarm = await runInDurableObject(objectOf(session_id), (_, { storage }) => storage.getAlarm());
  expect(alarm).toBeGreaterThanOrEqual(ranAt + 3_600_000);
  expect(await storedIn(session_id)).toEqual(rows);
});

it("a session stored without a version is continued, and gets one", async () => {
  const session_id = newSession();
  const sent = batch([custom(0)], { session_id });
  await accept(sent);
  await rewrite(session_id, (stored) => {
    delete stored.version;
  });
  expect(await accept(sent)).toMatchObject({ accepted: 0, duplicates: 1 });
  await accept(batch([custom(1)], { session_id }));
  let version: number | undefined;
  await rewrite(session_id, (stored) => {
    version = stored.version;
  });
  expect(version).toBe(SESSION_VERSION);
});

it("a session stores nothing of a batch in the form of a later release, and accepts one without a version", async () => {
  const session_id = newSession();
  const { events, ...envelope } = batch([custom(0)], { session_id });
  const sent = {
    ...{ site: "shop", anonymous_id: "anonymous1", received_at: Date.now() },
    ...{ envelope: JSON.stringify(envelope), events: JSON.stringify(events) },
  };
  expect(await objectOf(session_id).ingest({ ...sent, version: BATCH_VERSION + 1 })).toBe("unavailable");
  expect((await read(session_id)).status).toBe(404);
  expect(await objectOf(session_id).ingest(sent)).toMatchObject({ response: { accepted: 1 } });
});

it("a partition and a shard reject pushes in the form of a later release", async () => {
  const sender = { id: newSession(), hash: 0, began_at: 0 };
  const later = "a push has version 99 of a later release";
  await runInDurableObject(partitionOf(bindings, tenant("shop"), 0), async (object) => {
    const apply = (version?: number) => object.apply("shop", 0, sender, "[]", undefined, version);
    await expect(apply(99)).rejects.toThrow(later);
    await expect(apply()).resolves.toBeDefined();
  });
  await runInDurableObject(entityShardOf(bindings, tenant("shop"), 0), async (shard) => {
    await expect(shard.apply("shop", sender, "[]", 99)).rejects.toThrow(later);
  });
});

it("a partition merges nothing of a push for a row of a later release, and all of it when it is repeated", async () => {
  const site = nextSite();
  await partition(site).read(site, 0, "product:first");
  const later = JSON.stringify({ engine: { version: 99 }, anonymous_ids: [] });
  await runInDurableObject(partition(site), async (object, { storage }) => {
    storage.kv.put("product:later", later);
    const sender = { id: newSession(), hash: 0, began_at: 0 };
    const apply = () => object.apply(site, 0, sender, JSON.stringify([pushOf(1, ["first", "later"])]));
    await expect(apply()).rejects.toThrow("the row of product:later has version 99 of a later release");
    storage.kv.delete("product:later");
    await apply();
  });
  expect(await eventsOf(site, "first")).toBe(1);
  expect(await eventsOf(site, "later")).toBe(1);
});

it("a partition merges no row of a later release", async () => {
  const sku = `sku-${crypto.randomUUID()}`;
  const sale = (seq: number) => batch([{ ...custom(seq, "sale"), properties: { sku, price: 1 } }]);
  await accept(sale(0));
  await vi.waitFor(async () => expect((await rollupVectorOf("product", sku))?.features.product_worth).toBe(1));
  const later = JSON.stringify({ engine: { version: 99 }, anonymous_ids: [] });
  await runInDurableObject(partitionOf(bindings, tenant("shop"), 0), async (object, { storage }) => {
    storage.kv.put("product:later", later);
    const reading = async () => object.read("shop", 0, "product:later");
    await expect(reading()).rejects.toThrow("the row of product:later has version 99 of a later release");
  });
});
