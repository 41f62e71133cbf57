import type { Entity } from "@tidemark/schema";
import { type Database, literal } from "../log/database.ts";
import { addEntities } from "../log/label-entities.ts";
import { type ChoiceOptions, choosePredictions } from "./choose-predictions.ts";
import { type Drift, driftOf, type Reference } from "./drift.ts";
import { createOutcomes, type OutcomeOptions } from "./outcomes.ts";
import { PREDICTIONS } from "./predictions.ts";
import type { Scored } from "./sample.ts";
import { type Counts, countsOf, hasTooFew, type Scores, scoresOf } from "./scores.ts";

/** Predictions that are in no score, by the reason. */
export interface LeftOut {
  /** The fallback answered in place of the model, by the failure. */
  fallbacks: Record<string, number>;
  /** The model failed, and had no fallback. */
  without_value: number;
  /** Made before the moment from which predictions count, or of an entity without events. */
  early: number;
  /** A prediction before it was chosen for the same session. */
  later: number;
  /** The period of the label has not passed. */
  incomplete: number;
  /** The label held already when the prediction was made. */
  already: number;
  /** Of automated tests, and of the site's own people. */
  test: number;
  internal: number;
}

/** The evaluation of a version of a model in one role. */
export interface VersionEvaluation extends Counts {
  version: number;
  role: string;
  /** Number of all its predictions in the log. */
  recorded: number;
  /** Whether predictions have unequal weights: the inverse of the probability with which the version was assigned. */
  is_weighted: boolean;
  /** `null` with too few positives or negatives. */
  scores: Scores | null;
  left_out: LeftOut;
  drift: Drift;
}

/** Options of {@link evaluate}. */
export interface EvaluationOptions extends ChoiceOptions, OutcomeOptions {
  entity: Entity;
  /** Whether predictions about tests and the site's own people count. */
  keepsTraffic: boolean;
  /** The distribution of the predictions in training, by version. */
  references: ReadonlyMap<number, Reference>;
}

const countBy = async (database: Database, select: string): Promise<Record<string, number>> => {
  const rows = await database.all(select);
  return Object.fromEntries(rows.map(({ reason, predictions }) => [String(reason), Number(predictions)]));
};

/**
 * Compares the predictions of a model, in the table of predictions, with what happened after them, by version and role.
 * A version of which a share of entities was chosen at random has weights, so that each entity counts as if it had been
 * chosen surely.
 */
export const evaluate = async (database: Database, options: EvaluationOptions): Promise<VersionEvaluation[]> => {
  await choosePredictions(database, options);
  await addEntities(database, options.entity, "as_of");
  await createOutcomes(database, options);
  await database.run(
    `CREATE TABLE evaluated AS
     SELECT rows.*, label, CASE
         WHEN ${options.keepsTraffic ? "FALSE" : "label_traffic IS NOT NULL"} THEN label_traffic
         WHEN NOT is_complete THEN 'incomplete' WHEN already THEN 'already' END AS reason,
       CASE WHEN probability > 0 AND probability < 1 THEN 1 / probability ELSE 1 END AS weight
     FROM rows LEFT JOIN outcomes ON outcomes.id = rows.id AND outcomes.as_of = rows.as_of AND outcomes.until = rows.until`,
  );
  const versions = await database.all(
    `SELECT model_version, role, count(*) AS recorded, count(*) FILTER (value IS NULL) AS without_value,
       count(*) FILTER (is_scored) AS scored
     FROM ${PREDICTIONS} GROUP BY ALL ORDER BY model_version, role`,
  );
  const evaluations: VersionEvaluation[] = [];
  for (const { model_version, role, recorded, without_value, scored } of versions) {
    const version = Number(model_version);
    const own = `model_version = ${version} AND role = ${literal(String(role))}`;
    const found = await database.all(
      `SELECT entity_id, value, label, weight FROM evaluated WHERE ${own} AND reason IS NULL ORDER BY label_row`,
    );
    const rows = found.map(
      ({ entity_id, value, label, weight }): Scored => ({
        ...{ id: String(entity_id), predicted: Number(value), outcome: label === true, weight: Number(weight) },
      }),
    );
    const reasons = await countBy(
      database,
      `SELECT reason, count(*) AS predictions FROM evaluated WHERE ${own} GROUP BY reason`,
    );
    const { test = 0, internal = 0, incomplete = 0, already = 0 } = reasons;
    const chosen = Object.values(reasons).reduce((sum, count) => sum + count, 0);
    const [placed] = await database.all(`SELECT count(moment) AS predictions FROM choosable WHERE ${own}`);
    const late = Number(placed?.predictions);
    const counts = countsOf(rows);
    evaluations.push({
      ...{ version, role: String(role), recorded: Number(recorded), ...counts },
      is_weighted: rows.some(({ weight }) => weight !== 1),
      scores: hasTooFew(counts) ? null : scoresOf(rows),
      left_out: {
        fallbacks: await countBy(
          database,
          `SELECT fallback AS reason, count(*) AS predictions FROM ${PREDICTIONS} WHERE ${own} AND fallback IS NOT NULL AND value IS NOT NULL
           GROUP BY fallback ORDER BY fallback`,
        ),
        without_value: Number(without_value),
        early: Number(scored) - late,
        later: late - chosen,
        ...{ incomplete, already, test, internal },
      },
      drift: await driftOf(database, own, options.references.get(version)),
    });
  }
  return evaluations;
};
