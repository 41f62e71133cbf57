import type { Field } from "./field.ts";
import type { ForestBuilder, Leaf, Split } from "./forest.ts";
import { MAX_CATEGORIES, MAX_NODES } from "./limits.ts";

/** The largest number of 32 bits below a number of 32 bits: `x < t` is `x <= below(t)` for numbers of 32 bits. */
const below = (number: number): number => {
  const words = new DataView(new ArrayBuffer(4));
  if (number === 0) return -(2 ** -149);
  words.setFloat32(0, number);
  words.setInt32(0, words.getInt32(0) + (number > 0 ? -1 : 1));
  return words.getFloat32(0);
};

/**
 * Adds a tree of XGBoost to a forest.
 *
 * @param columns Number of columns of the model.
 * @param weight Factor of the leaves.
 */
export const addTree = (forest: ForestBuilder, tree: Field, columns: number, weight: number): void => {
  const left = tree.at("left_children").numbers(MAX_NODES);
  const count = left.length;
  const numbersOf = (name: string) => tree.at(name).numbers(MAX_NODES, count);
  const right = numbersOf("right_children");
  const conditions = numbersOf("split_conditions");
  const indices = numbersOf("split_indices");
  const types = numbersOf("split_type");
  const missingLeft = tree.at("default_left").array(MAX_NODES, count);
  const categories = categoriesOf(tree);
  const childOf = (list: readonly number[], id: number, name: string): number =>
    tree
      .at(name)
      .item(list[id], id)
      .integer(1, count - 1);
  forest.add(tree, {
    root: tree
      .at("left_children")
      .item(0, 0)
      .integer(0, count - 1),
    read(id: number): Leaf | Split<number> {
      const number = Math.fround(conditions[id] as number);
      if (left[id] === -1) return { value: Math.fround(number * weight) };
      const column = tree
        .at("split_indices")
        .item(indices[id], id)
        .integer(0, columns - 1);
      const [lower, higher] = [childOf(left, id, "left_children"), childOf(right, id, "right_children")];
      const isMissingLeft = missingLeft[id] === 1 || missingLeft[id] === true;
      if (types[id] === 0)
        return { column, threshold: below(number), missingLeft: isMissingLeft, left: lower, right: higher };
      // XGBoost's sets of categories go right.
      const chosen = categories.get(id) ?? tree.at("categories_nodes").refuse(`node ${id}, which splits categories`);
      return { column, threshold: 0, categories: chosen, missingLeft: !isMissingLeft, left: higher, right: lower };
    },
  });
};

/** The sets of categories by node. */
const categoriesOf = (tree: Field): Map<number, readonly number[]> => {
  const nodes = tree.at("categories_nodes").numbers(MAX_NODES);
  const starts = tree.at("categories_segments").numbers(MAX_NODES, nodes.length);
  const sizes = tree.at("categories_sizes").numbers(MAX_NODES, nodes.length);
  const all = tree.at("categories").items(Number.MAX_SAFE_INTEGER);
  const codes = all.map((code) => code.integer(0, MAX_CATEGORIES - 1));
  // The sets of XGBoost follow one another. Overlapping ones could be larger than the file.
  let next = 0;
  return new Map(
    nodes.map((node, index) => {
      const start = tree.at("categories_segments").item(starts[index], index).integer(next, codes.length);
      next =
        start +
        tree
          .at("categories_sizes")
          .item(sizes[index], index)
          .integer(0, codes.length - start);
      return [node, codes.slice(start, next)];
    }),
  );
};
