import { defaultFeatures } from "@tidemark/schema";
import { afterEach, expect, it, vi } from "vitest";
import { defineConfig, http } from "../../src/config.ts";
import type { Env } from "../../src/env.ts";
import { createMeter } from "../../src/metrics/meter.ts";
import { predictOne } from "../../src/serving/predictions.ts";
import type { Vector } from "../../src/serving/read-vector.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const model = {
  ...{ name: "purchase", set: "counts:1" },
  runs: http({ url: "http://127.0.0.1:1", request: {}, response: "score" }),
};
const tenants = createTenants(
  defineConfig({
    sites: [{ id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "SHOP_READ_KEY" }],
    adminKeySecret: "ADMIN_KEY",
    features: defaultFeatures,
    featureSets: [{ name: "counts", version: 1, entity: "session", features: ["click_count"] }],
    models: [
      { ...model, version: 1 },
      { ...model, version: 2, shadow: true },
    ],
  }),
);

it("sends the record of a shadow that ends after the response", async () => {
  const answer = () => Response.json({ score: 0.5 });
  let answerShadow = (_: Response) => {};
  const late = new Promise<Response>((resolve) => {
    answerShadow = resolve;
  });
  vi.spyOn(globalThis, "fetch").mockReturnValueOnce(late).mockResolvedValue(answer());
  const steps: string[] = [];
  const records = { add: () => void steps.push("add"), flush: async () => void steps.push("flush") };
  const background: Promise<unknown>[] = [];
  const reader = {
    ...({ env: {} as unknown as Env, tenant: tenantOf(tenants, "shop"), caller: "server", records } as const),
    ...{ meter: createMeter(), waitUntil: (work: Promise<unknown>) => void background.push(work) },
  };
  const vector = { event_time: 1, age_ms: 1, features: { click_count: 1 } } as unknown as Vector;
  await predictOne(reader, "purchase", { entity: "session", id: "shop.1" }, vector);
  expect(steps).toEqual(["add"]);
  answerShadow(answer());
  await Promise.all(background);
  expect(steps).toEqual(["add", "add", "flush"]);
});
