import { toIdSql } from "@tidemark/engine/sql";
import type { Entity, Goal } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Database } from "./database.ts";
import { createGoalOutcomes } from "./goal-outcomes.ts";
import { LABELS, type Labels } from "./labels.ts";
import { SERVED } from "./served-vectors.ts";

/** Options of {@link makeLabels}. */
export interface GoalLabelOptions {
  goal: Goal;
  entity: Entity;
  /** Time in which the goal counts, from the moment of the label on, in milliseconds. */
  horizon_ms: number;
  /**
   * The moments of the labels. `served`: those at which the vectors of the table `served` were served. Otherwise this time
   * after the first event of the entity in each of its sessions, in milliseconds.
   */
  moments: "served" | { after_ms: number };
  /** End of the log, in UTC milliseconds: no later event is known. */
  end: number;
}

/** The moments of labels: `id`, `as_of`, and the time of the latest event that can matter, `last_time`. */
const momentsSql = (id: string, moments: GoalLabelOptions["moments"]): string => {
  const lastTime = 'max(epoch_ms("time")) AS last_time';
  if (moments === "served")
    return `SELECT served_row AS label_row, id, as_of, last_time FROM ${SERVED}
      LEFT JOIN (SELECT ${id} AS id, ${lastTime} FROM counted_events GROUP BY ${id}) USING (id)`;
  return `SELECT row_number() OVER (ORDER BY as_of, id) AS label_row, * FROM (
      SELECT ${id} AS id, min(epoch_ms("time")) + ${moments.after_ms} AS as_of, ${lastTime}
      FROM counted_events GROUP BY ${id}, session_id) WHERE id IS NOT NULL`;
};

/**
 * Makes labels from a goal: one for each of the moments, in the order of `label_row`.
 * The column `label` is whether an event of the goal that counts for the entity happens within the horizon. The column
 * `label_value` is the sum of the values. The view `counted_events` has the events.
 *
 * @returns The labels, and the number of those whose horizon has not passed: they are left out.
 */
export const makeLabels = async (
  database: Database,
  { goal, entity, horizon_ms, moments, end }: GoalLabelOptions,
): Promise<Labels & { incomplete: number }> => {
  const id = toIdSql(entity, "duckdb", { columns: true });
  // No event follows in a session that has been idle for long enough.
  const closed = entity === "session" ? `last_time + ${SESSION_IDLE_MS} <= ${end}` : "FALSE";
  await database.run(
    `CREATE TABLE goal_moments AS
     SELECT label_row, id, as_of, as_of + ${horizon_ms} AS until,
       as_of + ${horizon_ms} <= ${end} OR coalesce(${closed}, FALSE) AS is_complete
     FROM (${momentsSql(id, moments)})`,
  );
  const [left] = await database.all("SELECT count(*) AS incomplete FROM goal_moments WHERE NOT is_complete");
  await createGoalOutcomes(database, {
    ...{ goal, entity },
    moments: "SELECT label_row, id, as_of, until FROM goal_moments WHERE is_complete",
  });
  const value = goal.value === undefined ? "" : ", reached_value AS label_value";
  await database.run(
    `CREATE TABLE ${LABELS} AS
     SELECT label_row, id, as_of, reached > 0 AS label${value} FROM goal_outcomes`,
  );
  const columns = goal.value === undefined ? ["label"] : ["label", "label_value"];
  return { columns, areOfServed: moments === "served", incomplete: Number(left?.incomplete) };
};
