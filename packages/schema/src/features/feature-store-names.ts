/**
 * The names of entities and sets in other feature stores, such as Feast and Tecton: a feature view `user_features` with the
 * join key `user_id`, and a feature service `purchase_intent_v2`.
 */

import type { FeatureSet } from "./define-feature-set.ts";

/** The name of the feature view that has the features of an entity. */
export const viewOf = (entity: string): string => `${entity}_features`;

/** The name of the key that has the ids of an entity. */
export const joinKeyOf = (entity: string): string => `${entity}_id`;

/** The name of the feature service of a version of a set. */
export const serviceOf = ({ name, version }: Pick<FeatureSet, "name" | "version">): string => `${name}_v${version}`;
