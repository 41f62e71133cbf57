import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { traffic } from "../workers/worker.ts";
import {
  alarmOf,
  egress,
  eventually,
  eventuallySent,
  partition,
  recordDeliveries,
  runAlarm,
  send,
  sessionOf,
  stop,
} from "./feed.ts";

const { attempt } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.attempt = attempt;
});

const GATHER_MS = 600_000;

const statusOf = (site: string) => egress(site, "all").status(site, "all", 0);

/** Waits until the sink gathers records: after at most one alarm for the case of a crash, its alarm is that of their cut. */
const untilGathering = (site: string, began: number) =>
  eventually(async () => {
    const at = Number(await alarmOf(egress(site, "all")));
    if (at > 0 && at <= began + GATHER_MS / 5) await runAlarm(egress(site, "all"));
    expect(Math.abs(at - began - GATHER_MS)).toBeLessThan(60_000);
  });

describe("a sink that gathers records", () => {
  it("sends those of its time in one cut, also when its object stops meanwhile", async () => {
    const site = "gather0";
    const deliveries = recordDeliveries();
    const session = sessionOf(site);
    const began = Date.now();
    const ids = await send(site, session, [0]);
    await untilGathering(site, began);
    vi.setSystemTime(began + GATHER_MS / 2);
    await stop(egress(site, "all"));
    ids.push(...(await send(site, session, [1])));
    await eventuallySent(site, async () => expect((await statusOf(site)).lag_records).toBe(2));
    await untilGathering(site, began);
    expect(deliveries.to(site)).toEqual([]);
    await runAlarm(egress(site, "all"));
    await eventually(() => expect(deliveries.to(site)).toEqual(ids));
    expect(deliveries.attempts).toHaveLength(1);
    await eventually(async () =>
      expect(await statusOf(site)).toMatchObject({ delivered: 2, lag_records: 0, lag_ms: 0 }),
    );
  });

  it("sends them before when they fill a cut", async () => {
    const site = "gather1";
    const deliveries = recordDeliveries();
    const session = sessionOf(site);
    const began = Date.now();
    const ids = await send(site, session, [0]);
    await untilGathering(site, began);
    ids.push(...(await send(site, session, [1, 2, 3, 4, 5])));
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
    expect(deliveries.attempts.map(({ cut }) => cut.records.length)).toEqual([5, 1]);
    expect(Date.now() - began).toBeLessThan(GATHER_MS / 2);
  });

  it("sends them at once when an operator resumes or replays it", async () => {
    const site = "gather2";
    const deliveries = recordDeliveries();
    const began = Date.now();
    const ids = await send(site, sessionOf(site), [0, 1]);
    await untilGathering(site, began);
    await egress(site, "all").resume(site, "all", 0);
    await eventually(() => expect(deliveries.to(site)).toEqual(ids));
    await eventually(async () => expect((await statusOf(site)).lag_records).toBe(0));
    await egress(site, "all").replay(site, "all", 0, began - 60_000);
    await eventually(() => expect(deliveries.to(site)).toEqual([...ids, ...ids]));
    expect(await partition(site).countAfter(site, 0, 0)).toBe(2);
  });
});
