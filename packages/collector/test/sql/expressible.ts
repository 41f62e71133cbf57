import type { Feature } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation";
import type { DialectName } from "../../src/sql/dialect.ts";
import { toSql } from "../../src/sql/to-sql.ts";

/** The features that a dialect does not refuse, and that read none which it does. */
export const expressible = (features: readonly Feature[], dialect: DialectName): readonly Feature[] => {
  const refused = features.find((feature) => {
    if (isDerived(feature))
      return featuresIn(feature.derive).some((read) => !features.some(({ name }) => name === read));
    try {
      return !toSql([feature], dialect);
    } catch {
      return true;
    }
  });
  return refused
    ? expressible(
        features.filter((feature) => feature !== refused),
        dialect,
      )
    : features;
};
