import type { Entity, Feature, Goal } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { type Database, quote } from "../log/database.ts";
import { featureEngines } from "../log/feature-engines.ts";
import { createGoalOutcomes } from "../log/goal-outcomes.ts";
import { forEachPart } from "../log/vectors.ts";

/** The label of predictions: a goal, or a feature of the entity. */
type Label = { goal: Goal } | { feature: Feature };

/** Options of {@link createOutcomes}. */
export interface OutcomeOptions {
  label: Label;
  entity: Entity;
  /** The site's features. */
  features: readonly Feature[];
  /** Number of parts of the log. */
  parts: number;
}

/** The periods of the chosen predictions, each once: predictions of several versions can have the same one. */
const PERIODS = "SELECT DISTINCT id, as_of, until FROM rows WHERE is_complete";

/** The features as of the begin and the end of the periods, in the table `label_vectors`. */
const createVectors = async (
  database: Database,
  feature: Feature,
  features: readonly Feature[],
  parts: number,
): Promise<void> => {
  const needed = withReads(features, new Set([feature.name]));
  const { replayed } = featureEngines(needed);
  const moments = { select: `SELECT DISTINCT id, unnest([as_of, until]) AS as_of FROM (${PERIODS})` };
  const columns = `id, as_of, CAST(${quote(feature.name)} AS DOUBLE) AS value`;
  await forEachPart(database, { features: needed, replayed, moments, parts }, (select, part) =>
    database.run(
      part === 0
        ? `CREATE TABLE label_vectors AS SELECT ${columns} FROM (${select})`
        : `INSERT INTO label_vectors SELECT ${columns} FROM (${select})`,
    ),
  );
};

/**
 * Creates the table `outcomes` with the periods of the chosen predictions, and two columns.
 *
 * - `label`: whether an event of the goal happens in the period, or the feature is true or greater than 0 at its end.
 * - `already`: whether the feature was so at the begin, so that there was nothing to predict. It is false for a goal, which can
 *   be reached again.
 */
export const createOutcomes = async (
  database: Database,
  { label, entity, features, parts }: OutcomeOptions,
): Promise<void> => {
  if ("goal" in label) {
    await createGoalOutcomes(database, { goal: label.goal, entity, moments: PERIODS });
    await database.run(
      "CREATE TABLE outcomes AS SELECT id, as_of, until, reached > 0 AS label, FALSE AS already FROM goal_outcomes",
    );
    return;
  }
  await createVectors(database, label.feature, features, parts);
  await database.run(
    `CREATE TABLE outcomes AS
     SELECT periods.*, coalesce(later.value, 0) > 0 AS label, coalesce(earlier.value, 0) > 0 AS already
     FROM (${PERIODS}) AS periods
     JOIN label_vectors AS earlier ON earlier.id = periods.id AND earlier.as_of = periods.as_of
     JOIN label_vectors AS later ON later.id = periods.id AND later.as_of = periods.until`,
  );
};
