import { describe, expect, it } from "vitest";
import { type ModelSet, readModel } from "../../src/models/model.ts";

const set: ModelSet = {
  name: "purchase_intent",
  version: 1,
  hash: "33362c374d32",
  features: ["click_count", "entry_path", "is_returning", "recent_paths"],
};

const linear = {
  format: "tidemark-model",
  version: 1,
  set: { name: "purchase_intent", version: 1, hash: "33362c374d32" },
  inputs: [
    { feature: "click_count", kind: "number", steps: [{ fill: 4 }, { subtract: 2 }, { divide: 2 }] },
    { feature: "entry_path", kind: "indicator", categories: ["/cart", "/checkout"] },
    { feature: "entry_path", kind: "indicator", categories: [null] },
    { feature: "is_returning", kind: "number", steps: [{ fill: 0 }] },
    { feature: "recent_paths", kind: "indicator", categories: ["/help"] },
    { feature: "recent_paths", kind: "category", entry: 1, categories: ["/", "/help", null], unknown: -1 },
  ],
  model: { kind: "linear", intercept: 1, coefficients: [10, 100, 1_000, 10_000, 100_000, 1_000_000], link: "identity" },
};

describe("a linear model of tidemark-models", () => {
  const { predict } = readModel(linear, set);

  it.each([
    [[6, "/", false, []], 1 + 20 + 2_000_000],
    [[null, "/cart", true, ["/"]], 1 + 10 + 100 + 10_000 + 2_000_000],
    [[2, null, null, ["/help", "/"]], 1 + 1_000 + 100_000],
    [[2, "/", null, ["/", "/pay"]], 1 - 1_000_000],
  ] as const)("predicts from numbers, texts, booleans, lists and missing values: %j", (values, expected) => {
    expect(predict(values)).toBe(expected);
  });
});
