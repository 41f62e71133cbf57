import { type Category, type Column, codeIn, encoderOf, numberOf } from "./columns.ts";
import type { EmbeddedModel, ModelSet } from "./embedded-model.ts";
import { checkFeatureNames, checkIsNumber, checkIsSingle } from "./feature-names.ts";
import { Field } from "./field.ts";
import { ForestBuilder, type Leaf, type Split } from "./forest.ts";
import { MAX_CATEGORIES, MAX_COLUMNS, MAX_TREES } from "./limits.ts";
import { type LinkName, links } from "./link.ts";
import { predictionOf } from "./prediction.ts";

/** The objectives with a single output that is no rank, and their links. */
const OBJECTIVES: Readonly<Record<string, LinkName>> = {
  binary: "logistic",
  regression: "identity",
  regression_l1: "identity",
  huber: "identity",
  fair: "identity",
  quantile: "identity",
  mape: "identity",
  poisson: "exp",
  gamma: "exp",
  tweedie: "exp",
  cross_entropy: "logistic",
  cross_entropy_lambda: "softplus",
};

/** Up to this distance from 0 a value is 0, and missing in a model that was trained with `zero_as_missing`. */
const ZERO = Math.fround(1e-35);

/** The link of an objective such as `binary sigmoid:1` or `regression sqrt`, and the factor of the sum. */
const linkOf = (root: Field): [link: LinkName, factor: number] => {
  const objective = root.at("objective");
  const advice = "Multiclass models, rankings and objectives of your own are not embedded.";
  const [name = "", ...options] = String(objective.value ?? "nothing").split(" ");
  new Field(name, "objective").oneOf(Object.keys(OBJECTIVES), advice);
  const [option = ""] = options;
  if (name === "binary" && options.length === 1 && option.startsWith("sigmoid:")) {
    const factor = Number(option.slice("sigmoid:".length));
    if (factor > 0 && Number.isFinite(factor)) return ["logistic", factor];
  }
  if (name === "regression" && options.length === 1 && option === "sqrt") return ["signed_square", 1];
  if (name === "binary" || options.length > 0) objective.refuse("an objective of LightGBM 4 with its own options");
  return [OBJECTIVES[name] as LinkName, 1];
};

/** The features that were declared as categories: LightGBM lists the categories that it has seen. */
const categoricalFeatures = (root: Field, set: ModelSet): number[] => {
  const infos = root.at("feature_infos");
  return set.features.flatMap((name, index) => {
    const values = infos.optional(name)?.at("values").array(MAX_CATEGORIES) ?? [];
    return values.length > 0 ? [index] : [];
  });
};

/** The names of categories by feature, for a model that was trained on a table of pandas with categories. */
const categoryNames = (root: Field, set: ModelSet): Map<number, Category[]> => {
  const lists = root.optional("pandas_categorical")?.items(MAX_COLUMNS) ?? [];
  const features = categoricalFeatures(root, set);
  // The file does not name the columns of the lists.
  if (lists.length > 0 && lists.length !== features.length)
    root
      .at("pandas_categorical")
      .refuse(
        `${features.length} lists, one for each feature with categories`,
        "Leave out columns with a single category, or export the model with tidemark-models.",
      );
  return new Map(lists.map((list, index) => [features[index] as number, categoriesIn(list)]));
};

const categoriesIn = (list: Field): Category[] =>
  list.items(MAX_CATEGORIES).map((each) => {
    const { value } = each;
    return typeof value === "string" || typeof value === "boolean" ? value : each.number();
  });

const columnsOf = (root: Field, set: ModelSet, missing: MissingTypes): Column[] => {
  const names = categoryNames(root, set);
  return set.features.map((name, feature) => {
    const categories = names.get(feature);
    checkIsSingle(root.at("feature_names").item(name, feature), name, set);
    // LightGBM reads a category that is not in the list as a missing value.
    if (categories) return { feature, encode: codeIn(categories, Number.NaN) };
    checkIsNumber(root.at("feature_names").item(name, feature), name, set);
    const zero = missing.isZero(feature) ? Number.NaN : 0;
    const encode: Column["encode"] = (value) => {
      const number = numberOf(value);
      return Math.abs(number) <= ZERO ? zero : number;
    };
    return { feature, encode };
  });
};

/** The rules for missing values of the columns, as the splits state them. */
class MissingTypes {
  readonly #types = new Map<number, string>();

  /** Records the rule of a split, and checks that it is that of all splits of the column. */
  add(field: Field, column: number): "None" | "Zero" | "NaN" {
    const type = field.oneOf(["None", "Zero", "NaN"]);
    const other = this.#types.get(column) ?? type;
    if ((type === "Zero") !== (other === "Zero")) field.refuse(`${other}, as in the column's other splits`);
    this.#types.set(column, type);
    return type;
  }

  isZero(column: number): boolean {
    return this.#types.get(column) === "Zero";
  }
}

const codesIn = (threshold: Field): number[] =>
  threshold
    .text()
    .split("||")
    .map((code) => new Field(/^\d+$/.test(code) ? Number(code) : code, threshold.path))
    .map((code) => code.integer(0, MAX_CATEGORIES - 1));

/** Reads a node of a tree. */
const readNode = (node: Field, columns: number, factor: number, missing: MissingTypes): Leaf | Split<Field> => {
  if (!node.has("split_feature")) {
    if (node.has("leaf_coeff"))
      node.at("leaf_coeff").refuse("no linear models in leaves", "Train without linear_tree.");
    return { value: node.at("leaf_value").number() * factor };
  }
  const column = node.at("split_feature").integer(0, columns - 1);
  const children = { column, left: node.at("left_child"), right: node.at("right_child") };
  if (node.at("decision_type").oneOf(["<=", "=="]) === "==")
    return { ...children, threshold: 0, categories: codesIn(node.at("threshold")), missingLeft: false };
  const threshold = node.at("threshold").number();
  const type = missing.add(node.at("missing_type"), column);
  const isDefaultLeft = node.at("default_left").boolean();
  // Without missing values in training, LightGBM reads a missing value as 0.
  return { ...children, threshold, missingLeft: type === "None" ? threshold >= 0 : isDefaultLeft };
};

/** Reads JSON of LightGBM's `dump_model`. */
export const readLightgbm = (root: Field, set: ModelSet): EmbeddedModel => {
  root.at("version").oneOf(["v4"], "Train, or load and save, the model with LightGBM 4.");
  if (root.at("num_tree_per_iteration").number() !== 1)
    root
      .at("num_tree_per_iteration")
      .refuse("1, the number for a single output", "Multiclass models are not embedded.");
  checkFeatureNames(root.at("feature_names"), set);
  const [link, slope] = linkOf(root);
  const trees = root.at("tree_info").items(MAX_TREES);
  const factor = slope / (root.at("average_output").boolean() ? Math.max(1, trees.length) : 1);
  const missing = new MissingTypes();
  const forest = new ForestBuilder();
  for (const tree of trees) {
    const structure = tree.at("tree_structure");
    const read = (node: unknown) => {
      const split = readNode(new Field(node, structure.path), set.features.length, factor, missing);
      return "value" in split ? split : { ...split, left: split.left.value, right: split.right.value };
    };
    forest.add(structure, { root: structure.value, read });
  }
  const encode = encoderOf(columnsOf(root, set, missing), false);
  return { trainedBy: "lightgbm 4", predict: predictionOf(encode, forest.build(0, false), links[link]) };
};
