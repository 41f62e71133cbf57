import type { Consent } from "../consent.ts";
import type { FeatureSet } from "./define-feature-set.ts";
import type { DerivedFeature, Entity, Feature } from "./feature.ts";

/** Name of an entity in routes and responses. */
export const entityNameOf = ({ entity }: Pick<DerivedFeature, "entity">): string =>
  typeof entity === "string" ? entity : entity.name;

/**
 * Whether an entity is a person. Events with stated consent count for a person only when it grants personalisation.
 */
export const isPerson = (entity: Entity): boolean =>
  entity === "user" || (typeof entity === "object" && ["user_id", "anonymous_id"].includes(entity.field));

/** Whether events may be linked to their user: personalisation is granted, or no consent is stated. */
export const isPersonal = (consent: Consent | undefined): boolean =>
  consent === undefined || consent.personalisation === "granted";

/** The distinct entities of definitions, in the order of their first definition. */
export const entitiesIn = (features: readonly Feature[]): Entity[] => [
  ...new Map(features.map((feature) => [entityNameOf(feature), feature.entity])).values(),
];

/** The features of one entity, by its name. */
export const featuresOf = (features: readonly Feature[], entity: string): Feature[] =>
  features.filter((feature) => entityNameOf(feature) === entity);

/** Names of features in a set that have the latest prediction of a model begin with this. */
const PREDICTION = "prediction.";

/** The model whose latest prediction is the value of a feature such as `prediction.purchase`; `undefined` for any other. */
export const modelOfFeature = (name: string): string | undefined =>
  name.startsWith(PREDICTION) ? name.slice(PREDICTION.length) : undefined;

/** The models whose latest predictions are in a set: `purchase` for `prediction.purchase`. */
export const modelsInSet = ({ features }: Pick<FeatureSet, "features">): string[] =>
  features.flatMap((name) => modelOfFeature(name) ?? []);

/**
 * The definitions of a set's features, in the order of the set. Predictions of models have none.
 *
 * @throws Error that names the set and the first feature that the entity does not have.
 */
export const featuresInSet = (set: FeatureSet, features: readonly Feature[]): Feature[] => {
  const own = featuresOf(features, set.entity);
  const defined = set.features.filter((name) => modelOfFeature(name) === undefined);
  return defined.map((name) => {
    const feature = own.find((each) => each.name === name);
    if (feature) return feature;
    const elsewhere = features.find((each) => each.name === name);
    const reason = elsewhere ? `it is a feature of ${entityNameOf(elsewhere)}` : "it is not defined";
    throw new Error(`feature set ${set.name}: features: expected features of ${set.entity}; given ${name}: ${reason}`);
  });
};
