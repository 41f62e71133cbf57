import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { traffic } from "../workers/worker.ts";

afterEach(() => {
  traffic.isHot = () => false;
});

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Reads a product. Returns its events, and the objects that were called for it. */
const callsOfRead = async (site: string, sku: string) => {
  traffic.calls.length = 0;
  const events = await eventsOf(site, sku);
  return [events, traffic.calls.filter((call) => call.site === site).map(({ to, method }) => `${method} ${to}`)];
};

const isHandedOver = (site: string) =>
  runInDurableObject(
    partition(site),
    (_, { storage }) => storage.kv.get<{ isHandedOver: boolean }>("partition")?.isHandedOver,
  );

describe("a read of an entity", () => {
  it("asks one object: the only partition, or the entity's shard", async () => {
    const site = nextSite();
    await apply(site, "one", pushOf(1, ["sku", "other"]));
    expect(await callsOfRead(site, "sku")).toEqual([1, ["read partition 0"]]);
    expect(await callsOfRead(site, "unknown")).toEqual([undefined, ["read partition 0"]]);

    splitNext(site);
    await apply(site, "two", pushOf(1, ["sku"]));
    // An isolate learns of a split with its first read after it.
    await eventsOf(site, "sku");
    await eventually(async () => expect(await isHandedOver(site)).toBe(true));
    for (const sku of ["sku", "other", "unknown"]) {
      const [, calls] = await callsOfRead(site, sku);
      expect([sku, calls]).toEqual([sku, ["read shard"]]);
    }
    await eventually(async () => expect(await callsOfRead(site, "sku")).toEqual([2, ["read shard"]]));
  });
});

it("a page that all sessions see costs its shard at most one push a second and partition", async () => {
  const site = nextSite();
  splitNext(site);
  await apply(site, "first", pushOf(1, ["hot"]));
  await eventually(async () => expect(await eventsOf(site, "hot")).toBe(1));
  traffic.pushes.length = 0;
  const startedAt = Date.now();
  let sent = 0;
  while (Date.now() - startedAt < 2_500) {
    await Promise.all(
      [0, 1].map((number) => apply(site, `s${sent}-${number}`, pushOf(1, ["hot"]), { number, hash: number })),
    );
    sent += 1;
  }
  await eventually(async () => expect(await eventsOf(site, "hot")).toBe(1 + 2 * sent));
  const elapsed = Date.now() - startedAt;
  for (const number of [0, 1]) {
    const received = traffic.pushes.filter(({ to, sender }) => to === "shard" && sender.id === `partition ${number}`);
    expect(received.length).toBeGreaterThan(0);
    expect(received.length).toBeLessThanOrEqual(1 + elapsed / 1_000);
  }
  expect(sent).toBeGreaterThan(8);
});
