import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { partitionSamples } from "../../src/monitor/partition-samples.ts";
import type { Tenant } from "../../src/tenants.ts";
import { eventually, nextSite as nextFeed, send, sessionOf } from "../egress/feed.ts";
import { request } from "../workers/client.ts";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { config, tenant, traffic } from "../workers/worker.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
});

const bindings = env as unknown as Env;

const read = (...sites: string[]) => partitionSamples(bindings, new Map(sites.map((site) => [site, tenant(site)])));

const lagOf = async (site: string) => (await read(site))[`tidemark_watermark_lag_seconds{site="${site}"}`];

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

describe("the lag of the watermark", () => {
  it("is 0 while the partition holds the entities itself", async () => {
    const site = nextSite();
    await apply(site, "one", pushOf(1, ["sku"]));
    pass(100);
    expect(await lagOf(site)).toBe(0);
  });

  it("grows while a shard does not store a push, also after a restart, and ends with the push", async () => {
    const site = nextSite();
    splitNext(site);
    await apply(site, "one", pushOf(1, ["sku"]));
    await eventually(async () => expect([await eventsOf(site, "sku"), await lagOf(site)]).toEqual([1, 0]));
    traffic.fault = ({ to, method }) => (to === "shard" && method === "apply" ? "lose_request" : undefined);
    await apply(site, "two", pushOf(1, ["sku"]));
    pass(30);
    expect(await lagOf(site)).toBeCloseTo(30, 0);
    traffic.fault = ({ to, method }) =>
      to === "shard" && method === "apply" ? "lose_request" : method === "apply" ? "stop_after" : undefined;
    await apply(site, "three", pushOf(1, ["sku"])).catch(() => {});
    pass(30);
    expect(await lagOf(site)).toBeCloseTo(60, 0);
    traffic.fault = () => undefined;
    await apply(site, "four", pushOf(1, ["sku"]));
    pass(60);
    await apply(site, "five", pushOf(1, ["sku"]));
    await eventually(async () => expect(await lagOf(site)).toBe(0));
  });
});

describe("the number of open sessions", () => {
  it("does not contain a rebuild", async () => {
    const site = nextSite();
    const open = async () => (await read(site))[`tidemark_open_sessions{site="${site}"}`];
    expect(await open()).toBe(0);
    await apply(site, "one", pushOf(1, ["sku"]));
    expect(await open()).toBe(1);
    const rebuild = { id: "rebuild 1", began_at: Date.now() };
    await partition(site).applyRebuilt(site, 0, rebuild, JSON.stringify([pushOf(1, ["sku"])]));
    expect(await open()).toBe(1);
  });
});

describe("the age of the log", () => {
  it("is that of the first record that no file has", async () => {
    const site = nextFeed();
    const key = (family: string) => `${family}{site="${site}"}`;
    await send(site, sessionOf(site), [0, 1]);
    const figures = async () => {
      const samples = await read(site);
      return [samples[key("tidemark_log_records")], samples[key("tidemark_log_age_seconds")]];
    };
    await eventually(async () => expect((await figures())[0]).toBeGreaterThanOrEqual(2));
    const [records] = await figures();
    pass(100);
    const [same, age] = await figures();
    expect(same).toBe(records);
    expect(age).toBeCloseTo(100, 0);
    const cut = await request(`/v1/log/cut?site=${site}`, {
      ...{ method: "POST", headers: { authorization: "Bearer admin-key" } },
    });
    expect(cut.status).toBe(200);
    await eventually(async () => expect(await figures()).toEqual([0, 0]));
  });

  it("is absent for a site without a log", async () => {
    const { id = "" } = config.sites.find(({ log }) => log === undefined) ?? {};
    expect(Object.keys(await read(id))).toEqual([
      `tidemark_watermark_lag_seconds{site="${id}"}`,
      `tidemark_open_sessions{site="${id}"}`,
      `tidemark_objects_unresponsive{site="${id}",object="Partition"}`,
    ]);
  });
});

describe("a site whose partition fails", () => {
  it("has no figures, and the others have theirs", async () => {
    const errors = vi.spyOn(console, "error").mockReturnValue();
    const site = nextFeed();
    const sound = tenant(site);
    // Its objects do not know this site.
    const broken: Tenant = { ...sound, site: { ...sound.site, id: "gone" } };
    const samples = await partitionSamples(
      bindings,
      new Map([
        ["gone", broken],
        [site, sound],
      ]),
    );
    const unresponsive = 'tidemark_objects_unresponsive{site="gone",object="Partition"}';
    expect(Object.keys(samples)).toHaveLength(6);
    expect(Object.entries(samples).filter(([name]) => name.includes("gone"))).toEqual([[unresponsive, 1]]);
    expect(errors).toHaveBeenCalledWith("the Partition objects of site gone could not be read", expect.anything());
  });
});
