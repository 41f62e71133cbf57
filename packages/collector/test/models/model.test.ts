import { readFileSync } from "node:fs";
import { join } from "node:path";
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

describe("the file in docs/models.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/models.md"), "utf8");
  const [, text = ""] = /```json\n([^`]*"tidemark-model"[^`]*)```/s.exec(page) ?? [];
  const model = readModel(JSON.parse(text), { ...set, features: ["dwell_ms", "entry_path"] });

  it("predicts a probability", () => {
    expect(model.predict([13_000, "/cart"])).toBeCloseTo(1 / (1 + Math.exp(-0.1)), 12);
    expect(model.predict([null, null])).toBeCloseTo(1 / (1 + Math.exp(2.1 + 0.8 * 1.6)), 12);
  });

  it("has the training and the distribution of its predictions", () => {
    expect(model).toMatchObject({
      ...{ trainedBy: "sklearn 1.9.1", trainedAt: 1_795_000_000_000 },
      reference: { edges: [0.05, 0.2], shares: [0.5, 0.3, 0.2] },
    });
  });
});
