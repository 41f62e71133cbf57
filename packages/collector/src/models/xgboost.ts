import { type Category, type Column, codeIn, encoderOf, numberOf } from "./columns.ts";
import type { EmbeddedModel, ModelSet } from "./embedded-model.ts";
import { checkFeatureNames, checkIsNumber, checkIsSingle } from "./feature-names.ts";
import type { Field } from "./field.ts";
import { ForestBuilder } from "./forest.ts";
import { MAX_CATEGORIES, MAX_COLUMNS, MAX_TREES } from "./limits.ts";
import { type LinkName, links } from "./link.ts";
import { predictionOf } from "./prediction.ts";
import { addTree } from "./xgboost-tree.ts";

/** Functions that turn `base_score` into the first summand of a prediction, in 32 bits as XGBoost does. */
const logit = (share: number): number => Math.fround(-Math.log(Math.fround(Math.fround(1 / share) - 1)));
const log = (value: number): number => Math.fround(Math.log(value));
const same = (value: number): number => value;

/** The objectives with a single output that is no rank: their link, and the meaning of `base_score`. */
const OBJECTIVES: Readonly<Record<string, readonly [LinkName, (baseScore: number) => number]>> = {
  "binary:logistic": ["logistic", logit],
  "binary:logitraw": ["identity", same],
  "binary:hinge": ["step", same],
  "reg:squarederror": ["identity", same],
  "reg:squaredlogerror": ["identity", same],
  "reg:logistic": ["logistic", logit],
  "reg:pseudohubererror": ["identity", same],
  "reg:absoluteerror": ["identity", same],
  "reg:quantileerror": ["identity", same],
  "count:poisson": ["exp", log],
  "reg:gamma": ["exp", log],
  "reg:tweedie": ["exp", log],
  "survival:cox": ["exp", log],
  "survival:aft": ["exp", log],
};

/** The versions whose files are read. */
const VERSIONS = [2, 3];

/** A number that XGBoost writes as a text, such as `"5E-1"`, or `"[5E-1]"` since version 3.1. */
const numberIn = (field: Field): number => {
  const text = field.text();
  const [, digits = ""] = /^\[?([-+\d.eE]+)\]?$/.exec(text) ?? [];
  const number = digits === "" ? Number.NaN : Number(digits);
  return Number.isFinite(number) ? number : field.refuse("one number, as a text");
};

const checkParameters = (learner: Field, { features }: ModelSet): void => {
  const parameters = learner.at("learner_model_param");
  const only = (name: string, accepted: readonly number[], expected: string, advice?: string) => {
    const field = parameters.at(name);
    if (!accepted.includes(numberIn(field))) field.refuse(expected, advice);
  };
  only("num_class", [0, 1], "0, the number for a single output", "A model of several classes is not embedded.");
  only("num_target", [1], "1, the number for a single output", "A model of several targets is not embedded.");
  only("num_feature", [features.length], `${features.length}, the number of the set's features`);
};

/**
 * Checks that all trees count. After early stopping, XGBoost's scikit-learn interface predicts with the trees up to the
 * best iteration, and its `Booster` with all.
 */
const checkBestIteration = (learner: Field, trees: number, parallel: number): void => {
  const best = learner.optional("attributes")?.optional("best_iteration");
  if (best === undefined || (numberIn(best) + 1) * parallel === trees) return;
  best.refuse(
    `${trees / parallel - 1}, the last iteration, because XGBoost's interfaces differ in whether later trees count`,
    "Save booster[: booster.best_iteration + 1].",
  );
};

/** The trees of a booster, the place of its model, and the weights of the trees, if it has weights. */
const boosterOf = (learner: Field): { model: Field; weights?: readonly number[] } => {
  const booster = learner.at("gradient_booster");
  const name = booster
    .at("name")
    .oneOf(["gbtree", "dart"], "Export a linear model with scikit-learn's linear models and tidemark-models.");
  if (name === "gbtree") return { model: booster.at("model") };
  return { model: booster.at("gbtree").at("model"), weights: booster.at("weight_drop").numbers(MAX_TREES) };
};

const MAX_ASCII = 127;

/** The names of a column's categories; empty if the file has none. */
const categoryNames = (names: Field): Category[] => {
  const values = names.at("values");
  if (!names.has("offsets")) return [...values.numbers(MAX_CATEGORIES)];
  const offsets = names.at("offsets").numbers(MAX_CATEGORIES + 1);
  const codes = values.numbers(Number.MAX_SAFE_INTEGER);
  // XGBoost 3.2 counts characters in the offsets, and bytes in the values.
  if (codes.some((code) => code < 0 || code > MAX_ASCII))
    values.refuse("names in ASCII, because XGBoost saves others incorrectly", "Export the model with tidemark-models.");
  const text = new TextDecoder().decode(Uint8Array.from(codes));
  return offsets.slice(1).map((end, index) => text.slice(offsets[index], end));
};

const columnsOf = (learner: Field, model: Field, set: ModelSet): Column[] => {
  checkFeatureNames(learner.at("feature_names"), set);
  const types = learner.at("feature_types").array(MAX_COLUMNS);
  const encodings = model.optional("cats")?.at("enc").items(MAX_COLUMNS) ?? [];
  return set.features.map((name, feature) => {
    const encoding = encodings[feature];
    const names = types[feature] === "c" && encoding ? categoryNames(encoding) : [];
    checkIsSingle(learner.at("feature_names").item(name, feature), name, set);
    // XGBoost rejects a row with an unknown category; pandas makes it a missing one before.
    if (names.length > 0) return { feature, encode: codeIn(names, Number.NaN) };
    checkIsNumber(learner.at("feature_names").item(name, feature), name, set);
    return { feature, encode: numberOf };
  });
};

/** Reads a file of XGBoost's `save_model`, in JSON. */
export const readXgboost = (root: Field, set: ModelSet): EmbeddedModel => {
  const version = root.at("version").numbers(3, 3);
  const [major = 0] = version;
  if (!VERSIONS.includes(major))
    root.at("version").item(major, 0).refuse("2 or 3", "Load and save the model with XGBoost 3.");
  const learner = root.at("learner");
  checkParameters(learner, set);
  const objective = learner.at("objective").at("name");
  const name = objective.oneOf(Object.keys(OBJECTIVES), "Multiclass models and rankings are not embedded.");
  const [link, baseOf] = OBJECTIVES[name] as (typeof OBJECTIVES)[string];
  const { model, weights } = boosterOf(learner);
  const trees = model.at("trees").items(MAX_TREES);
  checkBestIteration(learner, trees.length, numberIn(model.at("gbtree_model_param").at("num_parallel_tree")));
  if (weights && weights.length !== trees.length)
    learner.at("gradient_booster").at("weight_drop").refuse(`an array of ${trees.length}, one weight for each tree`);
  const forest = new ForestBuilder();
  trees.forEach((tree, index) => {
    addTree(forest, tree, set.features.length, Math.fround(weights?.[index] ?? 1));
  });
  const base = baseOf(Math.fround(numberIn(learner.at("learner_model_param").at("base_score"))));
  const encode = encoderOf(columnsOf(learner, model, set), true);
  return {
    trainedBy: `xgboost ${version.join(".")}`,
    predict: predictionOf(encode, forest.build(base, true), links[link]),
  };
};
