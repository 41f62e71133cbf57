import { toIdSql } from "@tidemark/engine/sql";
import type { Entity, Goal } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Database } from "./database.ts";
import { createGoalOutcomes } from "./goal-outcomes.ts";
import { LABELS, type Labels } from "./labels.ts";

/** Options of {@link makeLabels}. */
export interface GoalLabelOptions {
  goal: Goal;
  entity: Entity;
  /** Time in which the goal counts, from the moment of the label on, in milliseconds. */
  horizon_ms: number;
  /** Time from the entity's first event in a session to the moment of the label, in milliseconds. */
  after_ms: number;
  /** End of the log, in UTC milliseconds: no later event is known. */
  end: number;
}

/**
 * Makes labels from a goal: one for each session of each entity, some time after the entity's first event in the session.
 * The column `label` is whether an event of the goal that counts for the entity happens within the horizon. The column
 * `label_value` is the sum of the values. The view `counted_events` has the events.
 *
 * @returns The labels, and the number of those whose horizon has not passed: they are left out.
 */
export const makeLabels = async (
  database: Database,
  { goal, entity, horizon_ms, after_ms, end }: GoalLabelOptions,
): Promise<Labels & { incomplete: number }> => {
  const id = toIdSql(entity, "duckdb", { columns: true });
  // No event follows in a session that has been idle for long enough.
  const closed = entity === "session" ? `last_time + ${SESSION_IDLE_MS} <= ${end}` : "FALSE";
  await database.run(
    `CREATE TABLE goal_moments AS
     SELECT id, first_time + ${after_ms} AS as_of, first_time + ${after_ms + horizon_ms} AS until,
       first_time + ${after_ms + horizon_ms} <= ${end} OR ${closed} AS is_complete
     FROM (SELECT ${id} AS id, min(epoch_ms("time")) AS first_time, max(epoch_ms("time")) AS last_time
       FROM counted_events GROUP BY ${id}, session_id) WHERE id IS NOT NULL`,
  );
  const [left] = await database.all("SELECT count(*) AS incomplete FROM goal_moments WHERE NOT is_complete");
  await createGoalOutcomes(database, {
    ...{ goal, entity },
    moments: "SELECT id, as_of, until FROM goal_moments WHERE is_complete",
  });
  const value = goal.value === undefined ? "" : ", reached_value AS label_value";
  await database.run(
    `CREATE TABLE ${LABELS} AS
     SELECT row_number() OVER (ORDER BY as_of, id) AS label_row, id, as_of, reached > 0 AS label${value} FROM goal_outcomes`,
  );
  const columns = goal.value === undefined ? ["label"] : ["label", "label_value"];
  return { columns, incomplete: Number(left?.incomplete) };
};
