import type { AggregateFeature, Feature } from "@tidemark/schema";
import { featuresIn, isDerived, withReads } from "@tidemark/schema/derivation-order";
import { CommandError } from "../command-line/command-error.ts";

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

/** Names of the features that read credit. SQL computes them: a replay of one page lacks the other pages. */
const creditReaders = (features: readonly Feature[]): Set<string> =>
  new Set(
    features
      .map(({ name }) => name)
      .filter((name) =>
        withReads(features, new Set([name])).some(
          (read) => !isDerived(read) && (read as AggregateFeature).aggregate.type === "credit",
        ),
      ),
  );

/** The engine of each feature. */
export interface FeatureEngines {
  /** Names of the features that are replayed. SQL computes the others. */
  replayed: ReadonlySet<string>;
  /** The reason for the engine of a feature, by its name. Most features have none. */
  reasons: ReadonlyMap<string, string>;
}

/**
 * Chooses the engine of each feature.
 *
 * @param engine One for all features. Default: `sql` for features that SQL computes exactly as the collector, else `replay`.
 * @throws CommandError for a feature that neither of them computes exactly.
 */
export const featureEngines = (features: readonly Feature[], engine?: string): FeatureEngines => {
  const credit = creditReaders(features);
  if (engine === "sql") return { replayed: new Set(), reasons: new Map() };
  if (engine === "replay") {
    const names = features.map(({ name }) => name).filter((name) => !credit.has(name));
    const ofCredit = [...credit].map((name): [string, string] => [name, "only SQL computes credit"]);
    return { replayed: new Set(names), reasons: new Map([...replayReasons(features), ...ofCredit]) };
  }
  const reasons = replayReasons(features);
  const neither = [...reasons.keys()].find((name) => credit.has(name));
  if (neither !== undefined)
    throw new CommandError(
      `feature ${neither} reads credit, which only SQL computes, and ${reasons.get(neither)}: leave it out.`,
    );
  return { replayed: new Set(reasons.keys()), reasons };
};
