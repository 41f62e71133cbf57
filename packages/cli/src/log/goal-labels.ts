import { toIdSql, toSql } from "@tidemark/engine/sql";
import type { Entity, Feature, Goal } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import { type Database, literal } from "./database.ts";
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

/** Number and value of the goal's events that count for the entity. */
const goalCounts = ({ source, where, value }: Goal, entity: Entity): Feature[] => {
  const common = { description: "Goals.", unit: "count", entity, source, where, window: { type: "lifetime" } };
  const count = { ...common, name: "reached", aggregate: { type: "count" } };
  const sum = { ...common, name: "reached_value", aggregate: { type: "sum", field: value } };
  return (typeof value === "string" ? [count, sum] : [count]) as unknown as Feature[];
};

/**
 * Makes labels from a goal: one for each session of each entity, some time after the entity's first event in the session.
 * The column `label` is whether an event of the goal that counts for the entity happens within the horizon. The column
 * `label_value` is the sum of the values. The view `counted_events` has
 * the events.
 *
 * @returns The labels, and the number of those whose horizon has not passed: they are left out.
 */
export const makeLabels = async (
  database: Database,
  { goal, entity, horizon_ms, after_ms, end }: GoalLabelOptions,
): Promise<Labels & { incomplete: number }> => {
  const name = entityNameOf({ entity });
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
  await database.run(
    `CREATE OR REPLACE TABLE spine AS SELECT ${literal(name)} AS entity, id, unnest([as_of, until]) AS as_of
     FROM goal_moments WHERE is_complete`,
  );
  // No other event counts, and SQL compares each event of an entity with each of its moments.
  await database.run(
    `CREATE OR REPLACE VIEW events AS SELECT * FROM counted_events WHERE "type" = ${literal(goal.source)}`,
  );
  const features = goalCounts(goal, entity);
  await database.run(`CREATE TABLE goal_counts AS ${toSql(features, "duckdb", { columns: true })[`${name}_features`]}`);
  const { value } = goal;
  const reached = "later.reached - earlier.reached";
  const values =
    typeof value === "string"
      ? ", later.reached_value - earlier.reached_value AS label_value"
      : typeof value === "number"
        ? `, (${reached}) * ${value} AS label_value`
        : "";
  await database.run(
    `CREATE TABLE ${LABELS} AS
     SELECT row_number() OVER (ORDER BY moments.as_of, moments.id) AS label_row, moments.id, moments.as_of,
       ${reached} > 0 AS label${values}
     FROM goal_moments AS moments
     JOIN goal_counts AS earlier ON earlier.id = moments.id AND earlier.as_of = moments.as_of
     JOIN goal_counts AS later ON later.id = moments.id AND later.as_of = moments.until
     WHERE moments.is_complete`,
  );
  const columns = value === undefined ? ["label"] : ["label", "label_value"];
  return { columns, incomplete: Number(left?.incomplete) };
};
