import type { Feature, FeatureSet } from "@tidemark/schema";

/** A site as Feast has it. */
export interface FeastSite {
  id: string;
  features: readonly Feature[];
  featureSets: readonly FeatureSet[];
  /** Days for which entities are kept after their latest event, by name. One without an entry does not expire. */
  daysToLive: Readonly<Record<string, number>>;
}

/** Name of the key of an entity's rows: `session_id`. */
export const keyOf = (entity: string): string => `${entity}_id`;

/** Path of an entity's rows in the repository. */
export const dataPath = (entity: string): string => `data/${entity}.parquet`;
