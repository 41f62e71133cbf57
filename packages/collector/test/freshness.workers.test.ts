import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accept, batch, custom, rollupVectorOf } from "./workers/client.ts";
import { apply, nextSite, pushOf, splitNext } from "./workers/sales.ts";
import { traffic } from "./workers/worker.ts";

/** A step of the clock, in milliseconds. */
const STEP = 50;

let wait: (ms: number) => Promise<void>;

/**
 * Lets all calls proceed that do not wait for a time: for a while, and until a later call has ended, which a slow
 * machine delays like the others.
 */
const settle = async () => {
  await wait(12);
  await rollupVectorOf("product", "none");
};

/** Moves the clock until some work, which may wait for it, is done: one step at least. */
const passWhile = async (work: Promise<void> | undefined) => {
  let isDone = false;
  const done = Promise.resolve(work).finally(() => {
    isDone = true;
  });
  do {
    vi.setSystemTime(Date.now() + STEP);
    await settle();
  } while (!isDone);
  await done;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const real = scheduler.wait.bind(scheduler);
  wait = (ms) => real(ms) as Promise<void>;
  // The test moves the clock. An object that waits resumes when the clock has reached its time.
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => {
    const at = Date.now() + ms;
    while (Date.now() < at) await real(1);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.isHot = () => false;
});

describe("an acknowledged event is visible in all entities", () => {
  it.each([
    ["1.5 seconds with one partition", 1, 1_500],
    ["3 seconds with several", 2, 3_000],
  ])("within %s", async (_, partitions, promised) => {
    const site = nextSite();
    if (partitions > 1) {
      splitNext(site);
      await apply(site, "splitting", pushOf(1, ["other"]));
      await settle();
    }
    const sessions = Array.from({ length: 6 }, (_, index) => ({
      key: `tm_${site}_ffffffff`,
      session_id: `${site}.fresh-session-${index}`,
      anonymous_id: `fresh-browser-${index}`,
      sent: 0,
    }));
    const acknowledged: number[] = [];
    let slowest = 0;
    /** Reads which events are visible. Each has another bit of the sum. */
    const check = async () => {
      const vector = await rollupVectorOf("product", "fresh", site.replace("split", "split-"));
      const visible = BigInt((vector?.features.product_worth as number | undefined) ?? 0);
      for (const [index, at] of acknowledged.entries())
        if ((visible & (1n << BigInt(index))) === 0n) slowest = Math.max(slowest, Date.now() - at);
      return visible;
    };
    const send = async ({ sent, ...ids }: (typeof sessions)[number]) => {
      const index = acknowledged.length;
      acknowledged.push(Number.POSITIVE_INFINITY);
      await accept(batch([{ ...custom(sent), properties: { sku: "fresh", price: 2 ** index } }], ids));
      acknowledged[index] = Date.now();
    };
    for (let step = 0; step < 100; step += 1) {
      const session = sessions[(step * 7) % 6] as (typeof sessions)[number];
      // Events come at all distances from writes, pushes and cuts, and then no more.
      const isSending = step < 60 && step % 3 !== 1;
      await passWhile(isSending ? send(session) : undefined);
      if (isSending) session.sent += 1;
      await check();
    }
    expect(await check()).toBe(2n ** BigInt(acknowledged.length) - 1n);
    expect(slowest).toBeLessThanOrEqual(promised);
    expect(slowest).toBeGreaterThan(promised / 3);
  });
});
