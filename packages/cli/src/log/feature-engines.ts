import type { AggregateFeature, Feature } from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";

/** Aggregates that SQL computes differently from the engine of the collector, with the difference: docs/sql.md. */
const REASONS: Partial<Record<AggregateFeature["aggregate"]["type"], string>> = {
  decayed_count: "SQL adds in another order",
  distinct: "the collector estimates more than 128 distinct values",
  latest_per_view: "the collector settles page views beyond 100",
  quantile: "the collector estimates quantiles",
  top_k: "the collector estimates the counts of more than 64 distinct values",
};

const reasonOf = (feature: Feature, byName: ReadonlyMap<string, Feature>): string | undefined => {
  if (!isDerived(feature)) return REASONS[(feature as AggregateFeature).aggregate.type];
  const replayed = featuresIn(feature.derive).find((read) => reasonOf(byName.get(read) as Feature, byName));
  return replayed === undefined ? undefined : `reads ${replayed}`;
};

/**
 * Decides for each feature whether SQL computes exactly the value that the collector serves.
 *
 * @returns The reason to replay the log for a feature, by its name. A feature without an entry is exact in SQL.
 */
export const replayReasons = (features: readonly Feature[]): Map<string, string> => {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  return new Map(
    features.flatMap((feature) => {
      const reason = reasonOf(feature, byName);
      return reason === undefined ? [] : [[feature.name, reason] as const];
    }),
  );
};
