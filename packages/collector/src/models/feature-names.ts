import type { ModelSet } from "./embedded-model.ts";
import type { Field } from "./field.ts";
import { MAX_COLUMNS } from "./limits.ts";

const ADVICE =
  "Train on a table whose columns are the set's features, in their order; or export the model with tidemark-models.";

/** Checks that a library's model reads the features of a set, in their order. */
export const checkFeatureNames = (names: Field, { features }: ModelSet): void => {
  const given = names.array(MAX_COLUMNS);
  const wrong = features.findIndex((feature, index) => given[index] !== feature);
  if (wrong >= 0) names.item(given[wrong], wrong).refuse(`${features[wrong]}, the feature of the set`, ADVICE);
  if (given.length > features.length) names.refuse(`the ${features.length} features of the set`, ADVICE);
};

/** Checks that a feature has single values, if the kinds of the set's features are known. */
export const checkIsSingle = (place: Field, feature: string, { kinds }: ModelSet): void => {
  if (kinds?.get(feature) === "list")
    place.refuse(`a feature of single values; those of ${feature} are lists`, "Name the entry of the list.");
};

/** Checks that a feature has numbers, if the kinds of the set's features are known. */
export const checkIsNumber = (place: Field, feature: string, { kinds }: ModelSet): void => {
  const kind = kinds?.get(feature);
  if (kind === "string" || kind === "list")
    place.refuse(
      `a feature of numbers, because the model computes with ${feature} as a number`,
      `The values of ${feature} are ${kind === "list" ? "lists" : "texts"}: name their categories.`,
    );
};
