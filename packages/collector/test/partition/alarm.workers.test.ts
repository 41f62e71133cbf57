import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { traffic } from "../workers/worker.ts";

const CONTINUE_MS = 60_000;

const { tenants } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
  traffic.tenants = tenants;
});

const alarmOf = (site: string) => runInDurableObject(partition(site), (_, { storage }) => storage.getAlarm());

/** Moves the clock to the partition's alarm, and runs it. */
const runAlarm = async (site: string) => {
  vi.setSystemTime(Math.max(Date.now(), (await alarmOf(site)) ?? 0));
  return runDurableObjectAlarm(partition(site));
};

/** Stops the partition as a crash does. */
const stop = (site: string) =>
  runInDurableObject(partition(site), (_, state) => state.abort("the object stops")).catch(() => {});

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe("the alarm of a partition", () => {
  it("is never set while the partition holds the entities itself", async () => {
    const site = nextSite();
    await apply(site, "one", pushOf(1, ["sku"]));
    expect([await eventsOf(site, "sku"), await alarmOf(site)]).toEqual([1, null]);
  });

  it("forwards what a stopped partition has not forwarded, within 60 seconds", async () => {
    const site = nextSite();
    splitNext(site);
    await apply(site, "one", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1));
    traffic.fault = ({ to, method }) => (to === "shard" && method === "apply" ? "lose_request" : undefined);
    await apply(site, "two", pushOf(1, ["sku"]));
    await stop(site);
    traffic.fault = () => undefined;
    expect(await alarmOf(site)).toBeLessThanOrEqual(Date.now() + CONTINUE_MS);
    await runAlarm(site);
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(2));
  });

  it("continues a handover that was interrupted, within 60 seconds", async () => {
    const site = nextSite();
    await apply(site, "one", pushOf(1, ["sku"]));
    splitNext(site);
    let isLost = false;
    traffic.fault = ({ method }) => {
      isLost ||= method === "take";
      return method === "take" ? "lose_request" : undefined;
    };
    await apply(site, "two", pushOf(1, ["other"]));
    await eventually(async () => expect(isLost).toBe(true));
    await stop(site);
    traffic.fault = () => undefined;
    expect(await alarmOf(site)).toBeLessThanOrEqual(Date.now() + CONTINUE_MS);
    await runAlarm(site);
    await eventually(async () => {
      const left = await runInDurableObject(partition(site), (_, { storage }) => [
        ...storage.kv.list({ prefix: "product:" }),
      ]);
      expect(left).toEqual([]);
    });
  });

  it("is set no more once all is forwarded: an idle partition costs nothing", async () => {
    const site = nextSite();
    splitNext(site);
    await apply(site, "one", pushOf(1, ["sku"]));
    await apply(site, "two", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(2));
    let alarms = 0;
    while (alarms < 5 && (await runAlarm(site))) alarms += 1;
    expect(alarms).toBeLessThanOrEqual(2);
    expect(await alarmOf(site)).toBeNull();
  });

  it("does not fail for a site that was removed from the configuration, and continues when the site is back", async () => {
    const site = nextSite();
    splitNext(site);
    await apply(site, "one", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(1));
    traffic.fault = ({ to, method }) => (to === "shard" && method === "apply" ? "lose_request" : undefined);
    await apply(site, "two", pushOf(1, ["sku"]));
    traffic.tenants = new Map([...tenants].filter(([id]) => id !== site));
    await stop(site);
    expect(await runAlarm(site)).toBe(true);
    traffic.fault = () => undefined;
    traffic.tenants = tenants;
    await stop(site);
    await apply(site, "three", pushOf(1, ["sku"]));
    await eventually(async () => expect(await eventsOf(site, "sku")).toBe(3));
  });
});

it("a partition with too many pushes for its shards takes pushes again before its alarm, once the shards respond", async () => {
  const site = nextSite();
  splitNext(site);
  await apply(site, "first", pushOf(1, ["sku"]));
  traffic.fault = ({ to, method }) => (to === "shard" && method === "apply" ? "lose_request" : undefined);
  const fill = async () => {
    for (let session = 0; ; session += 1)
      await apply(site, `filling ${session}`, pushOf(1, ["sku"], "x".repeat(490_000)));
  };
  await expect(fill()).rejects.toThrow("too many pushes");
  await stop(site);
  traffic.fault = () => undefined;
  await expect(apply(site, "last", pushOf(1, ["sku"]))).rejects.toThrow("too many pushes");
  await eventually(async () => expect(await apply(site, "last", pushOf(1, ["sku"]))).toEqual({ depth: 1 }));
});
