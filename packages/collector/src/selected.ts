import type { FeatureValue, ServedSet } from "@tidemark/schema";

/** The part of a vector that a request names. */
export interface Selection {
  /** Names of the features, in the order of the response. */
  features: readonly string[];
  /** The feature set that has them; absent for features that the request lists. */
  set?: ServedSet;
}

/** The selected part of a vector, with the set. */
export const select = <V extends { features: Record<string, FeatureValue> }>(
  vector: V,
  selection: Selection | undefined,
): V & { set?: ServedSet } => {
  if (!selection) return vector;
  const features = Object.fromEntries(selection.features.map((name) => [name, vector.features[name] ?? null]));
  return { ...vector, ...(selection.set && { set: selection.set }), features };
};
