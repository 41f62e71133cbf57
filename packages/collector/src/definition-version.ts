import { createHash } from "node:crypto";
import type { Feature, FeatureSet, ServedSet } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { featuresInSet } from "@tidemark/schema/entities";

/** Returns the version of feature definitions: the first 12 hex digits of the SHA-256 of their JSON. */
export const versionOf = (features: readonly Feature[]): string =>
  createHash("sha256").update(JSON.stringify(features)).digest("hex").slice(0, 12);

/**
 * The identity of a feature set as its vectors carry it. The hash is that of the definitions of its features, and of all
 * features that these read: it changes with any of them.
 *
 * @throws Error that names the set and the first feature that the entity does not have.
 */
export const servedSet = (set: FeatureSet, features: readonly Feature[]): ServedSet => {
  const names = featuresInSet(set, features).map(({ name }) => name);
  const { name, version } = set;
  return { name, version, hash: versionOf(withReads(features, new Set(names))) };
};
