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

describe("a model of LightGBM", () => {
  const leaves = { left_child: { leaf_value: 1 }, right_child: { leaf_value: 2 } };
  const modelOf = (split: object) =>
    readModel(
      {
        ...{ version: "v4", num_tree_per_iteration: 1, average_output: false, objective: "regression" },
        ...{ feature_names: ["click_count"], feature_infos: {}, pandas_categorical: null },
        tree_info: [{ tree_structure: { split_feature: 0, decision_type: "<=", ...split, ...leaves } }],
      },
      { ...set, features: ["click_count"] },
    );
  const largest = Math.fround(1e-35);

  it("reads a value next to 0, and a missing one, as 0", () => {
    const { predict } = modelOf({ threshold: 0, default_left: false, missing_type: "None" });
    expect([-1, 0, largest, null].map((value) => predict([value]))).toEqual([1, 1, 1, 1]);
    expect([largest * (1 + Number.EPSILON), 1].map((value) => predict([value]))).toEqual([2, 2]);
  });

  it("with zero_as_missing reads 0 as a missing value", () => {
    const { predict } = modelOf({ threshold: 5, default_left: false, missing_type: "Zero" });
    expect([-1, 1, 5].map((value) => predict([value]))).toEqual([1, 1, 1]);
    expect([-largest, 0, null].map((value) => predict([value]))).toEqual([2, 2, 2]);
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
