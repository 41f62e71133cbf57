import { calibrated } from "./calibration.ts";
import { encoderOf } from "./columns.ts";
import type { EmbeddedModel, ModelSet, ReferenceDistribution } from "./embedded-model.ts";
import type { Field } from "./field.ts";
import { type Input, inputsOf } from "./inputs.ts";
import { MAX_COLUMNS } from "./limits.ts";
import { type LinkName, links } from "./link.ts";
import { predictionOf } from "./prediction.ts";
import { checkNeverMissing, type Score, treesOf } from "./tidemark-trees.ts";

/** Checks that a file is for a feature set, by name and version. */
const checkSet = (set: Field, { name, version }: ModelSet): void => {
  set.only("name", "version", "hash");
  const advice = "Name the set that the model was trained for, or train a model for this one.";
  set.at("name").oneOf([name], advice);
  if (set.at("version").integer(1, Number.MAX_SAFE_INTEGER) !== version)
    set.at("version").refuse(`${version}, the version of the set`, advice);
};

const checkHash = (set: Field, hash: string): void => {
  const changed =
    "The set's features or their definitions have changed since the training. Train again, or restore them.";
  set.optional("hash")?.oneOf([hash], changed);
};

const linearOf = (model: Field, inputs: readonly Input[], list: Field): Score => {
  model.only("kind", "intercept", "coefficients", "link", "calibration");
  checkNeverMissing(inputs, list, "a linear model");
  const coefficients = Float64Array.from(model.at("coefficients").numbers(MAX_COLUMNS, inputs.length));
  const intercept = model.at("intercept").number();
  const score = (row: Float64Array): number => {
    let sum = 0;
    for (let index = 0; index < coefficients.length; index += 1)
      sum += (row[index] as number) * (coefficients[index] as number);
    return sum + intercept;
  };
  return { score, isFloat32: false };
};

const KINDS = { linear: linearOf, trees: treesOf };

const referenceOf = (reference: Field): ReferenceDistribution => {
  reference.only("edges", "shares");
  const edges = reference.at("edges").numbers(MAX_COLUMNS);
  const shares = reference.at("shares").numbers(MAX_COLUMNS + 1, edges.length + 1);
  if (edges.some((edge, index) => index > 0 && edge <= (edges[index - 1] as number)))
    reference.at("edges").refuse("ascending numbers");
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => share < 0) || Math.abs(total - 1) > 1e-6)
    reference.at("shares").refuse("shares from 0 on with the sum 1");
  return { edges, shares };
};

const trainedOf = (trained: Field | undefined): Pick<EmbeddedModel, "trainedBy" | "trainedAt"> => {
  trained?.only("by", "at", "rows");
  const [by, at] = [trained?.optional("by")?.text(), trained?.optional("at")?.integer(0, Number.MAX_SAFE_INTEGER)];
  trained?.optional("rows")?.integer(0, Number.MAX_SAFE_INTEGER);
  return { ...(by !== undefined && { trainedBy: by }), ...(at !== undefined && { trainedAt: at }) };
};

/** Reads a file of `tidemark-models`. */
export const readTidemarkModel = (root: Field, set: ModelSet): EmbeddedModel => {
  root.at("format").oneOf(["tidemark-model"]);
  const advice = "Deploy a collector of the version of tidemark-models that wrote the file, or a later one.";
  if (root.at("version").value !== 1) root.at("version").refuse("1", advice);
  root.only("format", "version", "set", "inputs", "model", "trained", "reference");
  checkSet(root.at("set"), set);
  // Names a feature that the set no longer has, which says more than another hash.
  const inputs = inputsOf(root.at("inputs"), set);
  checkHash(root.at("set"), set.hash);
  const model = root.at("model");
  const { score, isFloat32 } = KINDS[model.at("kind").oneOf(["linear", "trees"])](model, inputs, root.at("inputs"));
  const link = links[model.at("link").oneOf(Object.keys(links) as LinkName[])];
  const reference = root.optional("reference");
  return {
    ...trainedOf(root.optional("trained")),
    ...(reference && { reference: referenceOf(reference) }),
    predict: predictionOf(encoderOf(inputs, isFloat32), score, calibrated(link, model.optional("calibration"))),
  };
};
