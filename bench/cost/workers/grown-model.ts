import { randomFrom } from "../../collector/visitor.ts";

/** Number of trees, and of the splits between a root and its leaves. */
const TREES = 60;
const DEPTH = 5;

/** A model in the form of LightGBM's `dump_model`, with random splits over features. */
export const grownModel = (features: readonly string[]): object => {
  const random = randomFrom(1);
  const grow = (depth: number): object =>
    depth === DEPTH
      ? { leaf_value: random() - 0.5 }
      : {
          ...{ split_feature: Math.floor(random() * features.length), threshold: random() * 100 },
          ...{ decision_type: "<=", default_left: true, missing_type: "NaN" },
          ...{ left_child: grow(depth + 1), right_child: grow(depth + 1) },
        };
  return {
    ...{ version: "v4", num_tree_per_iteration: 1, objective: "binary sigmoid:1", average_output: false },
    ...{ feature_names: features, feature_infos: {}, pandas_categorical: [] },
    tree_info: Array.from({ length: TREES }, () => ({ tree_structure: grow(0) })),
  };
};
