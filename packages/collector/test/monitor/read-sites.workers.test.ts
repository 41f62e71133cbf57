import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readSites } from "../../src/monitor/read-sites.ts";
import { tenant } from "../workers/worker.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

/** Ends the wait of five seconds as soon as the other sites have responded. */
const endWaits = () => {
  const wait = scheduler.wait.bind(scheduler);
  return vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => wait(ms === 5_000 ? 1 : ms, options));
};

it("a site that does not respond is left out, reported, and called once a minute until it responds", async () => {
  const waits = endWaits();
  const errors = vi.spyOn(console, "error").mockReturnValue();
  const calls: string[] = [];
  let release = () => {};
  const hung = new Promise<void>((resolve) => {
    release = resolve;
  });
  const sites = [tenant("shop"), tenant("blog")];
  const read = async () => {
    calls.length = 0;
    const samples = await readSites("objects", sites, async ({ site: { id } }) => {
      calls.push(id);
      if (id === "shop") await hung;
      return { [`figure of ${id}`]: 1 };
    });
    return [Object.keys(samples), [...calls]];
  };

  expect(await read()).toEqual([["figure of blog"], ["shop", "blog"]]);
  expect(waits).toHaveBeenCalledWith(5_000, expect.anything());
  expect(errors.mock.calls).toEqual([["the objects of site shop have not responded within 5 s"]]);
  // Other objects of the site are not concerned.
  expect(await readSites("others", sites, async ({ site: { id } }) => ({ [id]: 1 }))).toEqual({ shop: 1, blog: 1 });
  pass(50);
  expect(await read()).toEqual([["figure of blog"], ["blog"]]);
  pass(11);
  expect(await read()).toEqual([["figure of blog"], ["shop", "blog"]]);
  release();
  await vi.waitFor(async () =>
    expect(await read()).toEqual([
      ["figure of blog", "figure of shop"],
      ["shop", "blog"],
    ]),
  );
});

it("the clock was set back: the site is called", async () => {
  endWaits();
  vi.spyOn(console, "error").mockReturnValue();
  let calls = 0;
  const read = () =>
    readSites("objects of another time", [tenant("shop")], () => {
      calls += 1;
      return new Promise(() => {});
    });
  await read();
  pass(-86_400);
  await read();
  expect(calls).toBe(2);
});

it("a second read at the same time calls the same sites", async () => {
  let calls = 0;
  const read = () =>
    readSites("objects of two reads", [tenant("shop")], async () => {
      calls += 1;
      await scheduler.wait(1);
      return { figure: calls };
    });
  expect(await Promise.all([read(), read()])).toEqual([{ figure: 2 }, { figure: 2 }]);
});
