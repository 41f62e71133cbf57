import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StoredEgress } from "../../src/egress/stored-egress.ts";
import { tenant, traffic } from "../workers/worker.ts";
import {
  alarmOf,
  egress,
  eventually,
  eventuallySent,
  nextSite,
  recordDeliveries,
  runAlarm,
  send,
  sessionOf,
  stop,
} from "./feed.ts";

const { attempt, tenants } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.attempt = attempt;
  traffic.tenants = tenants;
});

/** Days for which the log of the tests' sites keeps records. */
const KEPT_MS = 7 * 86_400_000;
const RETRY = { type: "retry", reason: "the target is away" } as const;

const storedIn = (site: string) =>
  runInDurableObject(egress(site, "all"), (_, { storage }) => storage.kv.get<StoredEgress>("egress"));

/** Sends a record, which the target does not take. */
const sendInVain = async (site: string) => {
  const ids = await send(site, sessionOf(site), [0]);
  await eventually(async () => expect((await storedIn(site))?.cut?.failures).toBe(1));
  return ids;
};

describe("the records that a sink keeps", () => {
  it("are those that the log keeps: a cut that cannot be sent is given up after its days", async () => {
    const site = nextSite();
    let isAway = true;
    const deliveries = recordDeliveries((_, { sink }) => (isAway && sink === "all" ? RETRY : undefined));
    await sendInVain(site);
    vi.setSystemTime(Date.now() + KEPT_MS);
    await runAlarm(egress(site, "all"));
    await eventually(async () => expect((await storedIn(site))?.cut).toBe(undefined));
    isAway = false;
    const ids = await send(site, sessionOf(site), [0]);
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
  });

  it("are given up by a paused sink too, whose alarm is in time for it", async () => {
    const site = nextSite();
    recordDeliveries(() => RETRY);
    await sendInVain(site);
    await egress(site, "all").pause(site, "all", 0);
    await eventually(async () => {
      await runAlarm(egress(site, "all"));
      expect(await storedIn(site)).toMatchObject({ paused: true });
      expect((await storedIn(site))?.cut).toBe(undefined);
    });
  });

  it("are sent again by a sink that was out of the configuration, and not kept meanwhile", async () => {
    const site = nextSite();
    let isAway = true;
    const deliveries = recordDeliveries((_, { sink }) => (isAway && sink === "all" ? RETRY : undefined));
    const ids = await sendInVain(site);
    const without = { ...tenant(site), sinks: [] };
    traffic.tenants = new Map([...tenants, [site, without]]);
    await stop(egress(site, "all"));
    await runAlarm(egress(site, "all"));
    expect((await storedIn(site))?.cut).toBe(undefined);
    traffic.tenants = tenants;
    await stop(egress(site, "all"));
    isAway = false;
    await egress(site, "all").resume(site, "all", 0);
    await eventually(() => expect(deliveries.to(site)).toEqual(ids));
  });

  it("have their dead letters no longer than the log has them", async () => {
    const site = nextSite();
    recordDeliveries(() => ({ type: "refused", reason: "odd" }));
    await send(site, sessionOf(site), [0]);
    const letters = () => egress(site, "all").deadLetters(site, "all", 0);
    await eventually(async () => expect(await letters()).toHaveLength(1));
    await stop(egress(site, "all"));
    await eventually(async () => {
      expect(Number(await alarmOf(egress(site, "all")))).toBeLessThanOrEqual(Date.now() + KEPT_MS);
      await runAlarm(egress(site, "all"));
      expect(await letters()).toEqual([]);
    });
    expect(await egress(site, "all").status(site, "all", 0)).toMatchObject({ refused: 1 });
  });
});
