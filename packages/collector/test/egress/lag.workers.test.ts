import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EgressObject } from "../../src/egress/egress.ts";
import { JOURNAL_START } from "../../src/entities/journal.ts";
import { traffic } from "../workers/worker.ts";
import { egress, eventually, eventuallySent, nextSite, partition, recordDeliveries, send, sessionOf } from "./feed.ts";

const { attempt } = traffic;
const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.attempt = attempt;
});

const statusOf = (site: string) => egress(site, "all").status(site, "all", 0);

describe("a sink that was called", () => {
  it("has an alarm before it responds, so that a crash before the first cut loses no call", async () => {
    const site = nextSite();
    recordDeliveries();
    const at = await runInDurableObject(egress(site, "all"), async (object, { storage }) => {
      await (object as unknown as EgressObject).wake(site, "all", 0, {
        ...JOURNAL_START,
        position: 1,
        record_count: 1,
      });
      return storage.getAlarm();
    });
    expect(at).not.toBeNull();
    expect(at).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it("has no lag while it is paused and everything is sent, whatever a restarted partition announces", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const ids = await send(site, sessionOf(site), [0]);
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
    await egress(site, "all").pause(site, "all", 0);
    const { to } = await partition(site).unlogged(site, 0);
    await egress(site, "all").wake(site, "all", 0, { ...JOURNAL_START, position: to, record_count: 1 });
    vi.setSystemTime(Date.now() + HOUR_MS);
    expect(await statusOf(site)).toMatchObject({ lag_records: 0, lag_ms: 0 });
  });

  it("has the lag of records that arrived during its last attempt before a pause", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const usual = traffic.attempt;
    let hasBegun = false;
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    traffic.attempt = async (given) => {
      if (given.sink === "all" && given.context.site === site) {
        hasBegun = true;
        await held;
      }
      return usual(given);
    };
    const session = sessionOf(site);
    await send(site, session, [0]);
    await eventually(() => expect(hasBegun).toBe(true));
    await send(site, session, [1]);
    await eventuallySent(site, () => expect(deliveries.to(site, "small")).toHaveLength(2));
    await egress(site, "all").pause(site, "all", 0);
    goOn();
    await eventually(async () => expect(await statusOf(site)).toMatchObject({ delivered: 1, lag_records: 1 }));
    vi.setSystemTime(Date.now() + HOUR_MS);
    expect((await statusOf(site)).lag_ms).toBeGreaterThan(HOUR_MS - 60_000);
  });
});
