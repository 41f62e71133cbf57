import { defineFeatureSet, defineGoal, type Feature, type FeatureSet, type Goal } from "@tidemark/schema";
import { featuresInSet } from "@tidemark/schema/entities";
import { serviceOf } from "@tidemark/schema/feature-store-names";
import { checkModels } from "../check-models.ts";
import type { Model } from "../define-model.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkAt } from "./expect.ts";

/** Checks goals, each of which has a name of its own. */
export const checkGoals = (goals: readonly Goal[] | undefined, place: string, expect: ExpectSetting): void => {
  if (goals === undefined) return;
  expect(Array.isArray(goals), "goals", "an array of goals", goals);
  for (const goal of goals) checkAt(place, () => defineGoal(goal));
  const twice = goals.find(({ name }, index) => goals.findIndex((other) => other.name === name) < index);
  expect(twice === undefined, "goals", "each name once", twice?.name);
};

/** The name and the version of a feature set. */
const titleOf = ({ name, version }: FeatureSet): string => `${name} version ${version}`;

/** Checks feature sets. Each version of a name is there once. */
export const checkFeatureSets = (
  sets: readonly FeatureSet[] | undefined,
  features: readonly Feature[],
  place: string,
  expect: ExpectSetting,
): void => {
  if (sets === undefined) return;
  expect(Array.isArray(sets), "featureSets", "an array of feature sets", sets);
  for (const set of sets) checkAt(place, () => featuresInSet(defineFeatureSet(set), features));
  const titles = sets.map(titleOf);
  const twice = titles.find((title, index) => titles.indexOf(title) < index);
  expect(twice === undefined, "featureSets", "each version of a name once", twice);
  // Both would be one feature service in Feast and Tecton.
  const services = new Set(sets.map(serviceOf));
  const ambiguous = sets.find(({ name }) => services.has(name));
  expect(ambiguous === undefined, "featureSets", "no name that another set and its version form", ambiguous?.name);
};

/**
 * Checks models, and the predictions in feature sets.
 *
 * @param secrets The names of secrets for other uses. A model's token must not be one of them, because its server gets it.
 */
export const checkModelsOf = (
  models: readonly Model[],
  inputs: { features: readonly Feature[]; featureSets: readonly FeatureSet[] },
  secrets: readonly string[],
  place: string,
  expect: ExpectSetting,
): void => {
  expect(Array.isArray(models), "models", "an array of models", models);
  checkAt(place, () => checkModels(models, inputs));
  for (const { name, runs } of models) {
    const token = runs.type === "embedded" ? undefined : runs.tokenSecret;
    const isFree = token === undefined || !secrets.includes(token);
    expect(isFree, `model ${name}: runs.tokenSecret`, "the name of a secret that has no other use", token);
  }
};
