import { toIdSql } from "@tidemark/engine/sql";
import type { Entity } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Database } from "../log/database.ts";
import { LABELS } from "../log/labels.ts";
import { PREDICTIONS } from "./predictions.ts";

/** Options of {@link choosePredictions}. */
export interface ChoiceOptions {
  entity: Entity;
  /** Time from the entity's first event in a session to the first prediction that counts, in milliseconds. */
  after_ms: number;
  /** Time in which the label counts, from the prediction on, in milliseconds. */
  horizon_ms: number;
  /** End of the log, in UTC milliseconds: no later event is known. */
  end: number;
}

/**
 * Chooses the predictions that are compared with outcomes, into the table of labels. For each session of each entity it is the
 * first one of a version and role from `after_ms` after the entity's first event in the session on. The choice depends on
 * nothing that happened after the prediction, so that it cannot favour an outcome.
 *
 * The period of a label begins after the latest event that the prediction knew, `as_of`, and ends `horizon_ms` after the
 * prediction, `until`. It `is_complete` if it ended before the log does, or if the session has ended. The view
 * `counted_events` has the events.
 */
export const choosePredictions = async (
  database: Database,
  { entity, after_ms, horizon_ms, end }: ChoiceOptions,
): Promise<void> => {
  const id = toIdSql(entity, "duckdb", { columns: true });
  const isClosed = entity === "session" ? `last_time + ${SESSION_IDLE_MS} <= ${end}` : "FALSE";
  await database.run(
    `CREATE TABLE choosable AS
     WITH visits AS (SELECT ${id} AS id, min(epoch_ms("time")) + ${after_ms} AS moment, max(epoch_ms("time")) AS last_time
       FROM counted_events WHERE ${id} IS NOT NULL GROUP BY ${id}, session_id)
     SELECT made.*, visits.moment, ${isClosed} AS is_closed
     FROM (SELECT * FROM ${PREDICTIONS} WHERE is_scored) AS made
     ASOF LEFT JOIN visits ON visits.id = made.id AND visits.moment <= made.time`,
  );
  await database.run(
    `CREATE TABLE ${LABELS} AS
     SELECT number AS label_row, id, model_version, role, value, probability,
       coalesce(event_time, time - 1) + 1 AS as_of, time + ${horizon_ms} AS until,
       time + ${horizon_ms} <= ${end} OR is_closed AS is_complete
     FROM choosable WHERE moment IS NOT NULL
     QUALIFY row_number() OVER (PARTITION BY model_version, role, id, moment ORDER BY time, number) = 1`,
  );
};
