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

/** The key of the sample that says whether objects of a site do not respond. */
const stateOf = (site: string, object: string) => `tidemark_objects_unresponsive{site="${site}",object="${object}"}`;

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
    const samples = await readSites("Partition", sites, async ({ site: { id } }) => {
      calls.push(id);
      if (id === "shop") await hung;
      return { [`figure of ${id}`]: 1 };
    });
    return { samples, calls: [...calls] };
  };
  const [ofShop, ofBlog] = ["shop", "blog"].map((site) => stateOf(site, "Partition"));
  const withoutShop = { "figure of blog": 1, [ofShop as string]: 1, [ofBlog as string]: 0 };

  expect(await read()).toEqual({ samples: withoutShop, calls: ["shop", "blog"] });
  expect(waits).toHaveBeenCalledWith(5_000, expect.anything());
  expect(errors.mock.calls).toEqual([["the Partition objects of site shop have not responded within 5 s"]]);
  // Other objects of the site are not concerned.
  expect(await readSites("Egress", sites, async ({ site: { id } }) => ({ [id]: 1 }))).toEqual({
    ...{ shop: 1, blog: 1, [stateOf("shop", "Egress")]: 0, [stateOf("blog", "Egress")]: 0 },
  });
  pass(50);
  expect(await read()).toEqual({ samples: withoutShop, calls: ["blog"] });
  pass(11);
  expect(await read()).toEqual({ samples: withoutShop, calls: ["shop", "blog"] });
  release();
  await vi.waitFor(async () =>
    expect(await read()).toEqual({
      samples: { "figure of blog": 1, "figure of shop": 1, [ofShop as string]: 0, [ofBlog as string]: 0 },
      calls: ["shop", "blog"],
    }),
  );
});

it("a site whose objects fail is left out and reported, and called again by the next read", async () => {
  const errors = vi.spyOn(console, "error").mockReturnValue();
  let isFailing = true;
  const read = () =>
    readSites("EntityShard", [tenant("shop")], async () => {
      if (isFailing) throw new Error("overloaded");
      return { figure: 1 };
    });
  expect(await read()).toEqual({ [stateOf("shop", "EntityShard")]: 1 });
  expect(errors).toHaveBeenCalledWith("the EntityShard objects of site shop could not be read", expect.any(Error));
  isFailing = false;
  expect(await read()).toEqual({ figure: 1, [stateOf("shop", "EntityShard")]: 0 });
});

it("the clock was set back: the site is called", async () => {
  endWaits();
  vi.spyOn(console, "error").mockReturnValue();
  let calls = 0;
  const read = () =>
    readSites("LogWriter", [tenant("shop")], () => {
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
    readSites("Session", [tenant("shop")], async () => {
      calls += 1;
      await scheduler.wait(1);
      return { figure: calls };
    });
  expect(await Promise.all([read(), read()])).toMatchObject([{ figure: 2 }, { figure: 2 }]);
});
