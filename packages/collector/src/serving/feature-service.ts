import { setNamed } from "../config.ts";
import type { CompiledSet, Tenant } from "../tenants.ts";

/**
 * The names of entities and sets in the interfaces of other feature stores: a feature view `user_features` with the join
 * key `user_id`, and a feature service `purchase_intent_v2`.
 */

/** The name of the feature view that has the features of an entity. */
export const viewOf = (entity: string): string => `${entity}_features`;

/** The name of the key that has the ids of an entity. */
export const joinKeyOf = (entity: string): string => `${entity}_id`;

/** The names of the entities that have features. */
export const entitiesOf = ({ definitions }: Tenant): string[] => ["session", ...definitions.rollups.keys()];

/** The set of a service: `purchase_intent` for its highest version, or `purchase_intent_v2`. */
export const setOfService = ({ featureSets }: Tenant, service: string): CompiledSet | undefined => {
  const latest = featureSets.some(({ name }) => name === service) ? setNamed(featureSets, service) : undefined;
  return latest ?? featureSets.find(({ name, version }) => `${name}_v${version}` === service);
};

/** All services of a site, for the message about an unknown one. */
export const servicesOf = ({ featureSets }: Tenant): string =>
  featureSets.map(({ name, version }) => `${name}_v${version}`).join(", ") || "none, since the site has no feature set";

/** An event time as other feature stores write it: RFC 3339, without a fraction of 0. */
export const timestampOf = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
