import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelError, readModel } from "../../src/models/model.ts";
import { changed, type Path, pathsIn } from "./changed-file.ts";
import { readCases, setOf } from "./library-cases.ts";

const golden = readCases(join(import.meta.dirname, "golden.json.gz"));
const set = setOf(golden);
const fileOf = (name: string): unknown => golden.cases.find((each) => each.name === name)?.file;

const xgboost = fileOf("xgboost binary:logistic");
const dart = fileOf("xgboost dart");
const lightgbm = fileOf("lightgbm binary");
const forest = fileOf("tidemark-models RandomForestClassifier");
const linear = fileOf("tidemark-models CalibratedClassifierCV isotonic");

/** Reads a file and predicts with it. Any error but a ModelError fails the test. */
const outcomeOf = (file: unknown): "refused" | "predicts" => {
  try {
    const { predict } = readModel(file, set);
    for (const row of golden.rows) if (!Number.isFinite(predict(row))) throw new Error("a prediction is not finite");
    return "predicts";
  } catch (error) {
    if (error instanceof ModelError) return "refused";
    throw error;
  }
};

const tree: Path = ["learner", "gradient_booster", "model", "trees", 0];
const root: Path = ["tree_info", 0, "tree_structure"];

const LEAF = { leaf_value: 1 };

/** A split of LightGBM. */
const SPLIT = {
  ...{ split_feature: 0, threshold: 1, decision_type: "<=", default_left: true, missing_type: "None" },
  ...{ left_child: LEAF, right_child: { leaf_value: 2 } },
};

/** A chain of splits, each in the left child of the one before. */
const chain = (depth: number): unknown => {
  let node: unknown = LEAF;
  for (let count = 0; count < depth; count += 1) node = { ...SPLIT, left_child: node, right_child: { leaf_value: 2 } };
  return node;
};

/** Trees of one split each, whose category has the largest code. */
const largeCategories = (trees: number): unknown =>
  Array.from({ length: trees }, () => ({ tree_structure: { ...SPLIT, decision_type: "==", threshold: "65535" } }));

describe("a model file is refused", () => {
  it.each<[string, unknown, Path, unknown, RegExp]>([
    ["without a known form", {}, [], { trees: [] }, /the file: expected JSON of tidemark-models.*save_model/],
    ["as a text", {}, [], "model.json", /the file: expected an object; given "model.json"/],
    ["of an old XGBoost", xgboost, ["version"], [1, 7, 6], /version\[0\]: expected 2 or 3; given 1. Load and save/],
    ["with classes", xgboost, ["learner", "learner_model_param", "num_class"], "3", /num_class: expected 0.*given "3"/],
    ["with two targets", xgboost, ["learner", "learner_model_param", "num_target"], "2", /num_target: expected 1/],
    ["with two base scores", xgboost, ["learner", "learner_model_param", "base_score"], "[1E0,2E0]", /base_score/],
    ["of a ranking", xgboost, ["learner", "objective", "name"], "rank:ndcg", /name: expected one of binary:logistic/],
    [
      "with a prototype's key",
      xgboost,
      ["learner", "objective", "name"],
      "constructor",
      /objective.name: expected one/,
    ],
    [
      "of a linear booster",
      xgboost,
      ["learner", "gradient_booster", "name"],
      "gblinear",
      /expected one of gbtree, dart/,
    ],
    [
      "with other features",
      xgboost,
      ["learner", "feature_names", 1],
      "age",
      /feature_names\[1\]: expected scroll_depth/,
    ],
    ["without names", xgboost, ["learner", "feature_names"], [], /feature_names\[0\]: expected click_count/],
    [
      "with unused trees",
      xgboost,
      ["learner", "attributes", "best_iteration"],
      "1",
      /best_iteration: expected 5.*booster\[:/,
    ],
    [
      "with weights missing",
      dart,
      ["learner", "gradient_booster", "weight_drop"],
      [1],
      /weight_drop: expected an array of 3/,
    ],
    ["with a cycle", xgboost, [...tree, "left_children", 1], 1, /trees\[0\]: expected a tree.*one parent/],
    [
      "with a cycle to the root",
      xgboost,
      [...tree, "left_children", 1],
      0,
      /left_children\[1\]: expected a whole number/,
    ],
    [
      "with an unknown column",
      xgboost,
      [...tree, "split_indices", 0],
      7,
      /split_indices\[0\]: expected .* 0 to 6; given 7/,
    ],
    [
      "with NaN",
      xgboost,
      [...tree, "split_conditions", 0],
      Number.NaN,
      /split_conditions\[0\]: expected a finite.*NaN/,
    ],
    ["with a short list", xgboost, [...tree, "default_left"], [0], /default_left: expected at least/],
    ["with a large category", xgboost, [...tree, "categories"], [1e9], /categories\[0\]: expected a whole number/],
    [
      "with a set beyond the list",
      xgboost,
      [...tree, "categories_sizes", 0],
      1000,
      /categories_sizes\[0\]: expected a whole number from 0 to \d; given 1000/,
    ],
    ["of an old LightGBM", lightgbm, ["version"], "v3", /version: expected v4; given "v3"/],
    ["with LightGBM's classes", lightgbm, ["num_tree_per_iteration"], 3, /num_tree_per_iteration: expected 1/],
    ["of LightGBM's ranking", lightgbm, ["objective"], "lambdarank", /objective: expected one of binary.*lambdarank/],
    ["with an own objective", lightgbm, ["objective"], undefined, /objective: expected one of.*objectives of your own/],
    ["with an option", lightgbm, ["objective"], "regression scaled", /objective: expected an objective of LightGBM 4/],
    ["with linear leaves", lightgbm, root, { leaf_value: 1, leaf_coeff: [2] }, /leaf_coeff: expected no linear models/],
    ["with unnamed categories", lightgbm, ["pandas_categorical"], [["/"]], /pandas_categorical: expected 2 lists/],
    [
      "with an unknown rule",
      lightgbm,
      root,
      { ...SPLIT, missing_type: "Some" },
      /missing_type: expected one of None, Zero, NaN/,
    ],
    ["with a deep tree", lightgbm, root, chain(100_000), /tree_structure: expected at most 1000 splits to a leaf/],
    [
      "with large sets",
      lightgbm,
      ["tree_info"],
      largeCategories(2000),
      /expected sets of categories of at most .* together/,
    ],
    ["for another set", forest, ["set", "name"], "cart", /set.name: expected purchase_intent; given "cart"/],
    ["for another version", forest, ["set", "version"], 2, /set.version: expected 1, the version of the set; given 2/],
    [
      "after a changed feature",
      forest,
      ["set", "hash"],
      "0a1b2c3d4e5f",
      /set.hash: .* have changed since the training/,
    ],
    ["of a later form", forest, ["version"], 2, /version: expected 1; given 2. Deploy a collector/],
    ["with a misspelt field", forest, ["trained", "form"], 1, /trained.form: expected no field but by, at, rows/],
    [
      "with a foreign feature",
      forest,
      ["inputs", 0, "feature"],
      "age",
      /inputs\[0\].feature: expected a feature of the set/,
    ],
    [
      "with an unknown step",
      forest,
      ["inputs", 0, "steps"],
      [{ log: 2 }],
      /steps\[0\]: expected an object with one of fill/,
    ],
    [
      "with a division by 0",
      linear,
      ["inputs", 0, "steps", 2],
      { divide: 0 },
      /divide: expected a number that is not 0/,
    ],
    [
      "with a category twice",
      forest,
      ["inputs", 0, "categories"],
      ["/", "/"],
      /categories\[1\]: expected each category once/,
    ],
    [
      "with few coefficients",
      linear,
      ["model", "coefficients"],
      [1],
      /coefficients: expected an array of \d+; given an arr/,
    ],
    [
      "without a missing value",
      linear,
      ["inputs", 0, "steps"],
      [],
      /inputs\[0\]: expected a value for a missing feature/,
    ],
    [
      "without missing rules",
      forest,
      ["model", "trees", 0, "missing_left"],
      undefined,
      /expected a value for a missing/,
    ],
    [
      "with a shuffled curve",
      linear,
      ["model", "calibration", "x", 0],
      9e9,
      /calibration.x: expected ascending numbers/,
    ],
    [
      "with false shares",
      forest,
      ["reference", "shares", 0],
      0.9,
      /reference.shares: expected shares from 0 on with the sum/,
    ],
  ])("%s", (_, file, path, value, message) => {
    expect(() => readModel(changed(file, path, value), set)).toThrow(message);
  });

  it("by the name of a feature that its set no longer has, not by the set's other hash", () => {
    const other = { ...set, features: [], hash: "0a1b2c3d4e5f" };
    expect(() => readModel(forest, other)).toThrow(/inputs\[0\].feature: expected a feature of the set/);
  });

  it.each([
    ["click_count", "list", xgboost, /feature_names\[0\]: expected a feature of single values.*click_count are lists/],
    ["click_count", "string", xgboost, /feature_names\[0\]: expected a feature of numbers.*click_count are texts/],
    ["entry_path", "list", lightgbm, /feature_names\[4\]: expected a feature of single values.*entry_path are lists/],
    ["click_count", "string", lightgbm, /feature_names\[0\]: expected a feature of numbers/],
    ["entry_path", "list", forest, /inputs\[0\].feature: expected a feature of single values.*Name the entry/],
    ["click_count", "list", forest, /inputs\[2\].feature: expected a feature of numbers/],
  ] as const)("whose encoding does not fit the values of a feature: %s as %s", (feature, kind, file, message) => {
    expect(() => readModel(file, { ...set, kinds: new Map([[feature, kind]]) })).toThrow(message);
  });
});

describe("any change of a file", () => {
  const files = { xgboost, dart, lightgbm, forest, linear };
  const values = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, true, "", "constructor", "__proto__", {}, [], -1, 0, 1, 2, 1e9, 1e308),
    fc.double(),
    fc.string(),
    fc.jsonValue(),
  );

  it.each(Object.entries(files))("is refused or predicts finite numbers: %s", (_, file) => {
    const paths = pathsIn(file);
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        outcomes.add(outcomeOf(changed(file, path, value)));
      }),
      { numRuns: 300 },
    );
    expect([...outcomes].sort()).toEqual(["predicts", "refused"]);
  });
});
