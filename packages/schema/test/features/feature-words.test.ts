import { describe, expect, it } from "vitest";
import { computationOf, windowOf } from "../../src/features/feature-words.ts";
import { defaultFeatures, defineFeatures, hopping, session } from "../../src/index.ts";

const of = { description: "Events.", unit: "count", entity: "session", window: session() } as const;

const features = defineFeatures([
  {
    ...of,
    name: "cheap_sales",
    source: "custom",
    where: [
      { field: "name", is: "in", values: ["sale", "gift"] },
      { field: "properties.price", is: "lte", value: 5 },
    ],
    aggregate: { type: "top_k", field: "properties.sku", k: 3 },
    window: hopping({ every_ms: 10_000, panes: 6 }),
  },
  { ...of, name: "all", source: "any", aggregate: { type: "count" } },
]);

const derived = (name: string) => defaultFeatures.find((feature) => feature.name === name) ?? features[0];

describe("a feature in words", () => {
  it("has the aggregate, the field, the events and the conditions", () => {
    expect(features.map(computationOf)).toEqual([
      "top_k, k 3 of `properties.sku` over `custom` where `name` in sale, gift and `properties.price` ≤ 5",
      "count over `any`",
    ]);
    expect(features.map(windowOf)).toEqual(["hopping 1 min by 10 s", "session"]);
  });

  it("has the formula of a derived feature, and no window", () => {
    expect(computationOf(derived("engagement_score"))).toMatch(
      /^\(\(\(min\(`page_view_count` ÷ 5, 1\) \+ .* × 100\) ÷ 3$/,
    );
    expect(windowOf(derived("engagement_score"))).toBe("");
  });
});
