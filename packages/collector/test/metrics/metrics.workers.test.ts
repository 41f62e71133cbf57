import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { sampleKey } from "../../src/metrics/families.ts";

const bindings = env as unknown as Env;
const key = sampleKey("tidemark_requests_total", { route: "/v1/events", status: 200 });

it("adds the counts of many isolates in few writes, and confirms each when it is stored", async () => {
  const metrics = bindings.METRICS.getByName("metrics of many isolates");
  await runInDurableObject(metrics, async (object, { storage }) => {
    const put = vi.spyOn(storage.kv, "put");
    await Promise.all(Array.from({ length: 100 }, () => object.add({ [key]: 1 })));
    expect(object.read()).toEqual({ [key]: 100 });
    expect(put.mock.calls.length).toBeLessThan(5);
    put.mockRestore();
  });
});

it("rejects counts that it cannot store, and stores later ones", async () => {
  const metrics = bindings.METRICS.getByName("metrics of a full object");
  await runInDurableObject(metrics, async (object, { storage }) => {
    const put = vi.spyOn(storage.kv, "put").mockImplementation(() => {
      throw new Error("the storage is full");
    });
    await expect(object.add({ [key]: 1 })).rejects.toThrow("the storage is full");
    put.mockRestore();
    await object.add({ [key]: 2 });
    expect(object.read()).toEqual({ [key]: 2 });
  });
});

const releases = (from: number, to: number) =>
  Object.fromEntries(
    Array.from({ length: to - from }, (_, index) => [
      sampleKey("tidemark_sdk_events_total", {
        site: `site-${Math.floor((from + index) / 1_000)}`,
        release: `js/1.0.${from + index}`,
      }),
      1,
    ]),
  );

/** Runs a function after the object has stopped and started again. */
const afterRestart = async (name: string): Promise<Record<string, number>> => {
  const stub = bindings.METRICS.getByName(name);
  await runInDurableObject(stub, (_, state) => state.abort("restart")).catch(() => {});
  return bindings.METRICS.getByName(name).read() as Promise<Record<string, number>>;
};

it("stores the sums of many sites in rows that are small, and writes those that have changed", async () => {
  const name = "metrics of many sites";
  await runInDurableObject(bindings.METRICS.getByName(name), async (object, { storage }) => {
    await object.add(releases(0, 12_000));
    const put = vi.spyOn(storage.kv, "put");
    await object.add(releases(3, 4));
    await object.add(releases(11_999, 12_000));
    expect(put.mock.calls).toHaveLength(2);
    for (const [, row] of put.mock.calls) expect(JSON.stringify(row).length).toBeLessThan(300_000);
    put.mockRestore();
  });
  const stored = await afterRestart(name);
  expect(Object.keys(stored)).toHaveLength(12_000);
  expect(stored[Object.keys(releases(3, 4))[0] as string]).toBe(2);
  expect(stored[Object.keys(releases(11_999, 12_000))[0] as string]).toBe(2);
});

it("stores no more series than it may, whatever clients send, and counts the rest under other", async () => {
  const name = "metrics of hostile clients";
  const other = 'tidemark_sdk_events_total{site="shop",release="other"}';
  await runInDurableObject(bindings.METRICS.getByName(name), async (object) => {
    for (let part = 0; part < 5; part += 1)
      await object.add(
        Object.fromEntries(
          Array.from({ length: 1_000 }, (_, number) => [
            sampleKey("tidemark_sdk_events_total", { site: "shop", release: `js/${part}.0.${number}` }),
            1,
          ]),
        ),
      );
    expect(object.read()[other]).toBe(3_000);
  });
  const stored = await afterRestart(name);
  expect(stored[other]).toBe(3_000);
  expect(Object.keys(stored)).toHaveLength(2_002);
  expect(stored['tidemark_series_other_total{site="shop"}']).toBe(3_000);
});

it("has the counts that it has stored after a failed write, in all rows", async () => {
  await runInDurableObject(bindings.METRICS.getByName("metrics of a failed row"), async (object, { storage }) => {
    await object.add(releases(0, 6_000));
    const real = storage.kv.put.bind(storage.kv);
    const put = vi.spyOn(storage.kv, "put").mockImplementation((rowKey, value) => {
      if (rowKey !== "samples") throw new Error("the storage is full");
      real(rowKey, value);
    });
    await expect(object.add(releases(0, 6_000))).rejects.toThrow("the storage is full");
    put.mockRestore();
    expect(new Set(Object.values(object.read()))).toEqual(new Set([1]));
  });
});
