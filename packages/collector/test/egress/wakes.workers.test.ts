import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { partitionOf } from "../../src/env.ts";
import { accept, batch, custom, newSession, rowsOf } from "../workers/client.ts";
import { splitSites, tenant, traffic } from "../workers/worker.ts";
import { alarmOf, egress, eventually, nextSite, partition, recordDeliveries, send, sessionOf } from "./feed.ts";

const { attempt } = traffic;

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
  traffic.attempt = attempt;
});

describe("the calls of a partition to its sinks", () => {
  it("follow each other after a second, with everything that has arrived meanwhile", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const session = sessionOf(site);
    const ids: string[] = [];
    const began = Date.now();
    for (let seq = 0; seq < 12; seq += 1) ids.push(...(await send(site, session, [seq])));
    await eventually(() => expect(deliveries.to(site)).toEqual(ids));
    const cuts = deliveries.attempts.filter(({ sink }) => sink === "all").map(({ cut }) => cut);
    expect(cuts.length).toBeLessThanOrEqual(2 + (Date.now() - began) / 1_000);
  });

  it("do not exist for a site without sinks: neither an alarm nor a row is for them", async () => {
    const site = splitSites[0] as (typeof splitSites)[number];
    await accept(batch([custom(0)], { key: site.key, session_id: newSession(site.id) }));
    const stub = partitionOf(env as unknown as Env, tenant(site.id), 0);
    await eventually(async () => expect((await stub.unlogged(site.id, 0)).to).toBe(1));
    const keys = await runInDurableObject(stub, (_, { storage }) => [...storage.kv.list()].map(([key]) => key));
    expect(keys).not.toContain("sinks");
    // The alarm of the log is in a quarter of an hour.
    expect(await alarmOf(stub)).toBeGreaterThan(Date.now() + 600_000);
  });

  it("begin a new sink after the records that the partition had before it", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const without = { ...tenant(site), sinks: [] };
    const { tenants } = traffic;
    traffic.tenants = new Map([...tenants, [site, without]]);
    await send(site, sessionOf(site), [0]);
    await eventually(async () => expect((await partition(site).unlogged(site, 0)).to).toBe(1));
    traffic.tenants = tenants;
    await runInDurableObject(partition(site), (_, state) => state.abort("another deployment")).catch(() => {});
    const ids = await send(site, sessionOf(site), [0]);
    await eventually(() => expect(deliveries.to(site)).toEqual(ids));
    expect(await egress(site, "all").status(site, "all", 0)).toMatchObject({ delivered: 1, lag_records: 0 });
  });

  it("store one row in an object with nothing to send, when its place has moved", async () => {
    const site = nextSite();
    recordDeliveries();
    await egress(site, "chosen").resume(site, "chosen", 0);
    await send(site, sessionOf(site), [0]);
    await eventually(async () => expect(await alarmOf(egress(site, "chosen"))).not.toBeNull());
    const rows = await runInDurableObject(egress(site, "chosen"), (_, { storage }) => rowsOf(storage));
    expect(JSON.stringify(rows)).not.toContain('"cut"');
  });
});
