import type { Feature, FeatureSet } from "@tidemark/schema";
import { featuresInSet, modelsInSet } from "@tidemark/schema/entities";
import { valueKindsOf } from "@tidemark/schema/value-kind";
import { defineModel, type Model, modelTitle } from "./define-model.ts";

/** The features and sets that models read. */
interface Inputs {
  features: readonly Feature[];
  featureSets: readonly FeatureSet[];
}

/** The set of a model; `undefined` if the site has none of its name and version. */
export const setOfModel = <S extends FeatureSet>({ set }: Pick<Model, "set">, sets: readonly S[]): S | undefined =>
  sets.find(({ name, version }) => `${name}:${version}` === set);

/** The version of a model that answers for all entities without a canary. */
export const primaryOf = <M extends Model>(models: readonly M[], name: string): M | undefined =>
  models.find((model) => model.name === name && !model.shadow && model.canary === undefined);

const fail = (model: Model, field: string, expected: string, given: unknown): never => {
  throw new Error(
    `model ${modelTitle(model)}: ${field}: expected ${expected}; given ${JSON.stringify(given) ?? "nothing"}`,
  );
};

const checkSet = (model: Model, { features, featureSets }: Inputs): FeatureSet => {
  const set = setOfModel(model, featureSets);
  const titles = featureSets.map(({ name, version }) => `${name}:${version}`).join(", ") || "a set in featureSets";
  if (!set) return fail(model, "set", titles, model.set);
  if (model.when === "on_change" && set.entity !== "session")
    fail(model, "when", `on_demand, because ${model.set} is a set of ${set.entity}`, model.when);
  if (model.runs.type === "embedded") return set;
  const kinds = valueKindsOf(features);
  const accepted =
    model.runs.type === "kserve_v2" && model.runs.input !== undefined ? ["number", "boolean"] : undefined;
  for (const { name } of featuresInSet(set, features)) {
    const kind = kinds.get(name) ?? "null";
    if (kind === "list" && model.runs.type !== "http")
      fail(model, "set", "features with one value each, as tensors have", name);
    if (accepted && ["string", "free"].includes(kind))
      fail(model, "runs.input", "none, because a tensor of numbers holds no text", name);
  }
  return set;
};

/** Checks the versions of one name: their numbers, their entity, and which of them answers. */
const checkVersions = (versions: readonly Model[], sets: readonly FeatureSet[]): void => {
  const [first] = versions;
  if (!first) return;
  for (const [index, model] of versions.entries()) {
    if (versions.findIndex(({ version }) => version === model.version) < index)
      fail(model, "version", "each version of a name once", model.version);
    const [entity, other] = [first, model].map((each) => setOfModel(each, sets)?.entity);
    if (entity !== other) fail(model, "set", `a set of ${entity}, as the other versions have`, model.set);
    const [when, own] = [first, model].map((each) => each.when ?? "on_demand");
    if (when !== own) fail(model, "when", `${when}, as the other versions have`, own);
  }
  const primaries = versions.filter(({ shadow, canary }) => !shadow && canary === undefined);
  if (primaries.length !== 1)
    fail(first, "versions", "exactly one that is neither shadow nor canary", primaries.map(modelTitle));
  const shares = versions.reduce((sum, { canary = 0 }) => sum + canary, 0);
  if (shares >= 1) fail(first, "canary", "shares with a sum below 1 in all versions of a name", shares);
};

const checkFallback = (model: Model, models: readonly Model[], sets: readonly FeatureSet[]): void => {
  const { fallback } = model;
  if (typeof fallback !== "string") return;
  const other = primaryOf(models, fallback);
  if (other?.runs.type !== "embedded") fail(model, "fallback", "the name of an embedded model", fallback);
  const [entity, own] = [other, model].map((each) => each && setOfModel(each, sets)?.entity);
  if (entity !== own) fail(model, "fallback", `a model of ${own}`, fallback);
};

/** Checks that each prediction in a set is one of a model that runs on change, for the set's entity. */
const checkPredictions = (models: readonly Model[], sets: readonly FeatureSet[]): void => {
  for (const set of sets)
    for (const name of modelsInSet(set)) {
      const model = primaryOf(models, name);
      const given = `prediction.${name}`;
      const place = `feature set ${set.name}: features: expected`;
      if (model?.when !== "on_change")
        throw new Error(`${place} predictions of models with when: "on_change"; given ${given}`);
      if (set.entity !== "session") throw new Error(`${place} no predictions, which sessions have; given ${given}`);
    }
};

/** The names of the models whose predictions a model reads: those in its sets, and its fallback. */
const readsOf = (name: string, models: readonly Model[], sets: readonly FeatureSet[]): string[] =>
  models
    .filter((model) => model.name === name)
    .flatMap((model) => {
      const set = setOfModel(model, sets);
      const { fallback } = model;
      return [
        ...(set ? modelsInSet(set) : []),
        ...(typeof fallback === "string" && fallback !== name ? [fallback] : []),
      ];
    });

/**
 * The names of models, each after those whose predictions it reads.
 *
 * @throws Error for a model that reads its own prediction, directly or by way of another model.
 */
export const modelOrder = (models: readonly Model[], sets: readonly FeatureSet[]): string[] => {
  const ordered = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.has(name)) return;
    const nextPath = [...path, name];
    if (path.includes(name))
      throw new Error(
        `model ${name}: set: expected no prediction of the model itself; given ${nextPath.slice(path.indexOf(name)).join(" reads ")}`,
      );
    for (const read of readsOf(name, models, sets)) visit(read, nextPath);
    ordered.add(name);
  };
  for (const { name } of models) visit(name, []);
  return [...ordered];
};

/**
 * Checks the models of a site.
 *
 * @throws Error that names the model, the field, the expected value and the given one.
 */
export const checkModels = (models: readonly Model[], inputs: Inputs): void => {
  const { featureSets: sets } = inputs;
  for (const model of models) checkSet(defineModel(model), inputs);
  for (const name of new Set(models.map(({ name }) => name)))
    checkVersions(
      models.filter((model) => model.name === name),
      sets,
    );
  for (const model of models) checkFallback(model, models, sets);
  checkPredictions(models, sets);
  modelOrder(models, sets);
};
