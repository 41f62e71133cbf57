import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SHARDS } from "../../src/entities/shards.ts";
import { apply, eventsOf, nextSite, partition, pushOf, splitNext } from "../workers/sales.ts";
import { type Call, type Fault, traffic } from "../workers/worker.ts";

const short = Array.from({ length: 24 }, (_, index) => `short-${index}`);
/** Rows that fill several pages of the handover. */
const long = Array.from({ length: 4 }, (_, index) => `long-${index}`);

/** Reads all products of a site. */
const readAll = async (site: string) => Promise.all([...short, ...long].map((sku) => eventsOf(site, sku)));

const everyone = (events: number) => [...short, ...long].map(() => events);

const isHandedOver = (site: string) =>
  runInDurableObject(partition(site), (_, { storage }) => {
    const meta = storage.kv.get<{ isHandedOver: boolean; depth: number }>("partition");
    return meta?.isHandedOver === true && meta.depth > 0;
  });

/** Fills a site with one event of each product, and splits its first partition. */
const split = async (site: string) => {
  await apply(site, "filling", pushOf(1, short));
  for (const [index, sku] of long.entries()) await apply(site, `long-${index}`, pushOf(1, [sku], "x".repeat(700_000)));
  expect(await readAll(site)).toEqual(everyone(1));
  traffic.calls.length = 0;
  splitNext(site);
  await apply(site, "last", pushOf(1, ["other"]));
};

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
  // Objects wait for the time of their next write or push only.
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(() => wait(1));
});
afterEach(() => {
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
});

const ofHandover = ({ method }: Call) => ["finish", "rowsToHandOver", "sources", "take"].includes(method);

describe("a handover", () => {
  it("starts by itself at the first split, moves all rows, and ends", async () => {
    const site = nextSite();
    await split(site);
    await vi.waitFor(async () => expect(await isHandedOver(site)).toBe(true), { timeout: 20_000 });
    const takes = traffic.calls.filter(({ method }) => method === "take");
    expect(takes.length).toBeGreaterThan(SHARDS / 2);
    expect(await readAll(site)).toEqual(everyone(1));
    const left = await runInDurableObject(partition(site), (_, { storage }) =>
      [...storage.kv.list()].map(([key]) => key).filter((key) => key.includes(":")),
    );
    expect(left).toEqual([]);
  });

  /** Stops the partition as a crash does. */
  const stop = (site: string) =>
    runInDurableObject(partition(site), (_, state) => state.abort("the object stops")).catch(() => {});

  /** Lets the partition continue until it has handed all rows over. Reads all products at each attempt. */
  const finishHandover = (site: string, events: number) =>
    vi.waitFor(
      async () => {
        await runDurableObjectAlarm(partition(site));
        expect(await readAll(site)).toEqual(everyone(events));
        expect(await isHandedOver(site)).toBe(true);
      },
      { timeout: 20_000, interval: 50 },
    );

  const kinds: (Fault | "stop_partition")[] = [
    "lose_request",
    "lose_response",
    "stop_before",
    "stop_after",
    "stop_partition",
  ];

  it.each(kinds)(
    "shows every product at each step of it, for each step that fails: %s",
    async (kind) => {
      let observed = 0;
      // A handover has more than thirty steps.
      for (let failing = kinds.indexOf(kind); failing < 30; failing += 15) {
        const site = nextSite();
        let step = 0;
        let reading: Promise<void> | undefined;
        const failures: string[] = [];
        const readSome = async (call: Call) => {
          const skus = [short[step % short.length], call.keys[0]?.split(":")[1] ?? "short-1"];
          for (const sku of skus as string[]) {
            const events = await eventsOf(site, sku);
            observed += 1;
            if (events !== 1 && sku !== "other") failures.push(`step ${step} ${call.method}: ${sku} has ${events}`);
          }
        };
        traffic.fault = async (call) => {
          // A read of a row that is not moved yet asks the partition.
          const isOfRead = ["rowsToHandOver", "sources"].includes(call.method) && reading !== undefined;
          if (!ofHandover(call) || call.site !== site || isOfRead) return undefined;
          while (reading) await reading;
          const isFailing = step === failing;
          step += 1;
          reading = readSome(call).finally(() => {
            reading = undefined;
          });
          await reading;
          if (!isFailing) return undefined;
          if (kind !== "stop_partition") return kind;
          await stop(site);
          return undefined;
        };
        await split(site).catch(() => {});
        await finishHandover(site, 1);
        expect(failures).toEqual([]);
        expect(step).toBeGreaterThan(failing);
        // Each push counts once, before and after.
        traffic.fault = () => undefined;
        await apply(site, "filling", pushOf(1, short));
        await apply(site, "later", pushOf(1, [...short, ...long]));
        await finishHandover(site, 2);
      }
      expect(observed).toBeGreaterThan(100);
    },
    120_000,
  );
});
