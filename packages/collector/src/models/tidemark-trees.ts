import type { Field } from "./field.ts";
import { ForestBuilder, type Leaf, type Split } from "./forest.ts";
import type { Input } from "./inputs.ts";
import { MAX_CATEGORIES, MAX_NODES, MAX_TREES } from "./limits.ts";

/** The score of a model, and whether its columns have 32 bits. */
export interface Score {
  score: (row: Float64Array) => number;
  isFloat32: boolean;
}

const isFloat32 = (field: Field): boolean => field.oneOf(["float32", "float64"]) === "float32";

/** Refuses an input that may be missing, for a model that has no rule for missing values. */
export const checkNeverMissing = (inputs: readonly Input[], list: Field, model: string): void => {
  const index = inputs.findIndex(({ canBeMissing }) => canBeMissing);
  if (index < 0) return;
  list
    .item(list.array(inputs.length)[index], index)
    .refuse(
      `a value for a missing feature, because ${model} has no rule for one`,
      "Add an imputer to the pipeline, or export with fill.",
    );
};

/** Reads the trees of a file of `tidemark-models`. */
export const treesOf = (model: Field, inputs: readonly Input[], list: Field): Score => {
  model.only("kind", "columns", "sum", "base", "average", "link", "calibration", "trees");
  const trees = model.at("trees").items(MAX_TREES);
  const factor = model.optional("average")?.boolean() ? 1 / Math.max(1, trees.length) : 1;
  const forest = new ForestBuilder();
  for (const tree of trees) {
    if (!tree.has("missing_left")) checkNeverMissing(inputs, list, tree.path);
    addTree(forest, tree, inputs.length, factor);
  }
  const base = model.at("base").number();
  return { score: forest.build(base, isFloat32(model.at("sum"))), isFloat32: isFloat32(model.at("columns")) };
};

/** Reads a tree: parallel arrays with an item for each node. The root is node 0, and a leaf's column is -1. */
const addTree = (forest: ForestBuilder, tree: Field, columns: number, factor: number): void => {
  tree.only("column", "value", "left", "right", "missing_left", "categories");
  const column = tree.at("column").numbers(MAX_NODES);
  const count = column.length;
  const numbersOf = (name: string) => tree.at(name).numbers(MAX_NODES, count);
  const [value, left, right] = [numbersOf("value"), numbersOf("left"), numbersOf("right")];
  const missingLeft = tree.has("missing_left") ? numbersOf("missing_left") : [];
  const categories = categoriesOf(tree.optional("categories"), count);
  const at = (name: string, list: readonly number[], id: number) => tree.at(name).item(list[id], id);
  forest.add(tree, {
    root: tree
      .at("column")
      .item(0, 0)
      .integer(0, count - 1),
    read(id: number): Leaf | Split<number> {
      const number = value[id] as number;
      if (column[id] === -1) return { value: number * factor };
      const chosen = categories.get(id);
      return {
        column: at("column", column, id).integer(0, columns - 1),
        threshold: number,
        ...(chosen && { categories: chosen }),
        missingLeft: missingLeft[id] === 1,
        left: at("left", left, id).integer(1, count - 1),
        right: at("right", right, id).integer(1, count - 1),
      };
    },
  });
};

/** The sets of categories that go left, by node: `[{ "node": 3, "left": [0, 2] }]`. */
const categoriesOf = (list: Field | undefined, count: number): Map<number, readonly number[]> =>
  new Map(
    (list?.items(MAX_NODES) ?? []).map((each) => {
      each.only("node", "left");
      const codes = each.at("left").items(MAX_CATEGORIES);
      return [each.at("node").integer(0, count - 1), codes.map((code) => code.integer(0, MAX_CATEGORIES - 1))];
    }),
  );
