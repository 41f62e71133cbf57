import type { Consent } from "../consent.ts";
import type { DerivedFeature, Entity, Feature } from "./feature.ts";

/** Name of an entity, as it stands in routes and answers. */
export const entityNameOf = ({ entity }: Pick<DerivedFeature, "entity">): string =>
  typeof entity === "string" ? entity : entity.name;

/** Whether an entity is a person. Events count for such an entity only with the visitor's consent to personalisation. */
export const isPerson = (entity: Entity): boolean =>
  entity === "user" || (typeof entity === "object" && ["user_id", "anonymous_id"].includes(entity.field));

/** Whether behaviour may be linked to its user: personalisation is granted, or the visitor was not asked. */
export const isPersonal = (consent: Consent | undefined): boolean =>
  consent === undefined || consent.personalisation === "granted";

/** The different entities that definitions are about, in the order in which they appear. */
export const entitiesIn = (features: readonly Feature[]): Entity[] => [
  ...new Map(features.map((feature) => [entityNameOf(feature), feature.entity])).values(),
];

/** The features of one entity, by its name. */
export const featuresOf = (features: readonly Feature[], entity: string): Feature[] =>
  features.filter((feature) => entityNameOf(feature) === entity);
