import { createHash } from "node:crypto";
import type { Feature, FeatureSet, ServedSet } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { featuresInSet, modelsInSet } from "@tidemark/schema/entities";

/** The first 12 hex digits of the SHA-256 of a value's JSON. */
const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);

/** Returns the version of feature definitions: the first 12 hex digits of the SHA-256 of their JSON. */
export const versionOf = (features: readonly Feature[]): string => hashOf(features);

/**
 * The identity of a feature set as its vectors carry it. The hash is that of the definitions of its features and of all
 * features that these read. Of a set with predictions, it is also that of the names of their models.
 *
 * @throws Error that names the set and the first feature that the entity does not have.
 */
export const servedSet = (set: FeatureSet, features: readonly Feature[]): ServedSet => {
  const names = featuresInSet(set, features).map(({ name }) => name);
  const { name, version } = set;
  const models = modelsInSet(set);
  const definitions = withReads(features, new Set(names));
  return { name, version, hash: hashOf(models.length > 0 ? [definitions, models] : definitions) };
};
