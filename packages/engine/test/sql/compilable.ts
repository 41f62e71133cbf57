import type { Feature } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import type { DialectName } from "../../src/sql/dialect.ts";
import { toSql } from "../../src/sql/to-sql.ts";

/** Returns the features that a dialect can compute, together with all features that they read. */
export const compilable = (features: readonly Feature[], dialect: DialectName): readonly Feature[] => {
  const isCompilable = (feature: Feature): boolean => {
    try {
      toSql([...withReads(feature, features)], dialect);
      return true;
    } catch {
      return false;
    }
  };
  return features.filter((feature) => [...withReads(feature, features)].every(isCompilable));
};

const withReads = (feature: Feature, features: readonly Feature[]): Set<Feature> =>
  new Set([
    feature,
    ...(isDerived(feature) ? featuresIn(feature.derive) : []).flatMap((read) => [
      ...withReads(features.find(({ name }) => name === read) as Feature, features),
    ]),
  ]);
