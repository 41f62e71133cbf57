import type { Feature } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import type { DialectName } from "../../src/sql/dialect.ts";
import { toSql } from "../../src/sql/to-sql.ts";

/** The features that a dialect does not refuse, nor any that they read. */
export const compilable = (features: readonly Feature[], dialect: DialectName): readonly Feature[] => {
  const isTold = (feature: Feature): boolean => {
    try {
      toSql([...withReads(feature, features)], dialect);
      return true;
    } catch {
      return false;
    }
  };
  return features.filter((feature) => [...withReads(feature, features)].every(isTold));
};

const withReads = (feature: Feature, features: readonly Feature[]): Set<Feature> =>
  new Set([
    feature,
    ...(isDerived(feature) ? featuresIn(feature.derive) : []).flatMap((read) => [
      ...withReads(features.find(({ name }) => name === read) as Feature, features),
    ]),
  ]);
