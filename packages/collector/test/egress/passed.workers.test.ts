import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { apply, pushOf } from "../workers/sales.ts";
import { traffic } from "../workers/worker.ts";
import { egress, eventually, eventuallySent, nextSite, partition, recordDeliveries, send, sessionOf } from "./feed.ts";

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

const latest = async (site: string) => (await partition(site).unlogged(site, 0)).to;

const passed = (site: string, sink: string) => egress(site, sink).passedTo(site, sink, 0);

it("a sink has not passed a record that it tries to deliver, or that it has not begun with", async () => {
  const site = nextSite();
  let isAway = true;
  const deliveries = recordDeliveries((_, { sink }) =>
    isAway && sink === "small" ? { type: "retry", reason: "the target is away" } : undefined,
  );
  const ids = await send(site, sessionOf(site), [0]);
  await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
  await eventually(async () => expect((await egress(site, "small").status(site, "small", 0)).failures).toBe(1));
  expect(await passed(site, "all")).toBe(await latest(site));
  expect(await passed(site, "small")).toBeLessThan(await latest(site));

  const first = await latest(site);
  ids.push(...(await send(site, sessionOf(site), [0])));
  await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
  expect(await passed(site, "small")).toBeLessThan(first);
  isAway = false;
  await egress(site, "small").resume(site, "small", 0);
  await eventuallySent(site, async () => expect(await passed(site, "small")).toBe(await latest(site)));
  expect(deliveries.to(site, "small")).toEqual(ids);
});

it("a sink has passed entries of the stream without records", async () => {
  const site = nextSite();
  const deliveries = recordDeliveries();
  const ids = await send(site, sessionOf(site), [0]);
  await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
  const before = await latest(site);
  await apply(site, "other", pushOf(1, ["sku"]));
  await eventually(async () => expect(await latest(site)).toBeGreaterThan(before));
  expect(await passed(site, "all")).toBe(await latest(site));
});

it("a sink that is paused holds up nobody", async () => {
  const site = nextSite();
  recordDeliveries();
  await send(site, sessionOf(site), [0]);
  expect(await passed(site, "chosen")).toBe(Number.POSITIVE_INFINITY);
});

it("a sink has not passed records that still gather", async () => {
  const site = "gather0";
  const deliveries = recordDeliveries();
  await send(site, sessionOf(site), [0]);
  await eventually(async () => expect((await egress(site, "all").status(site, "all", 0)).lag_records).toBe(1));
  expect(await passed(site, "all")).toBeLessThan(await latest(site));
  expect(deliveries.to(site)).toEqual([]);
});
