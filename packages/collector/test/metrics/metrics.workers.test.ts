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
