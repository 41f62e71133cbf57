import type { Feature, FeatureSet } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { joinKeyOf } from "@tidemark/schema/feature-store-names";
import { CommandError } from "../command-line/command-error.ts";

/** A site as Feast has it. */
export interface FeastSite {
  id: string;
  features: readonly Feature[];
  featureSets: readonly FeatureSet[];
  /** Days for which entities are kept after their latest event, by name. One without an entry does not expire. */
  daysToLive: Readonly<Record<string, number>>;
}

/** Path of an entity's rows in the repository. */
export const dataPath = (entity: string): string => `data/${entity}.parquet`;

/** Expects that no feature has the name of another column of its entity's rows. @throws CommandError */
export const expectOwnColumns = ({ features }: FeastSite): void => {
  for (const feature of features)
    if (["event_timestamp", "created", joinKeyOf(entityNameOf(feature))].includes(feature.name))
      throw new CommandError(
        `feature ${feature.name} cannot be exported to Feast: the rows have another column ${feature.name}; rename the feature`,
      );
};
