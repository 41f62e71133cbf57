import type { Consent } from "../consent.ts";
import type { DerivedFeature, Entity, Feature } from "./definition.ts";

/** Name of an entity, as it stands in routes and answers. */
export const entityNameOf = ({ entity }: Pick<DerivedFeature, "entity">): string =>
  typeof entity === "string" ? entity : entity.name;

/** Whether an entity is a person, and not only what a person did: it is fed by no event whose visitor has not allowed that. */
export const isPerson = (entity: Entity): boolean =>
  entity === "user" || (typeof entity === "object" && ["user_id", "anonymous_id"].includes(entity.field));

/** Whether behaviour may be linked to its user: unless the visitor was asked, and has not said yes. */
export const isPersonal = (consent: Consent | undefined): boolean =>
  consent === undefined || consent.personalisation === "granted";

/** The different entities that definitions are about, in the order in which they appear. */
export const entitiesIn = (features: readonly Feature[]): Entity[] => [
  ...new Map(features.map((feature) => [entityNameOf(feature), feature.entity])).values(),
];

/** The features of one entity, by its name. */
export const featuresOf = (features: readonly Feature[], entity: string): Feature[] =>
  features.filter((feature) => entityNameOf(feature) === entity);
