import { toSql } from "@tidemark/engine/sql";
import type { Entity, Feature, Goal } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { type Database, literal } from "./database.ts";

/** Options of {@link createGoalOutcomes}. */
export interface GoalOutcomeOptions {
  goal: Goal;
  entity: Entity;
  /** A SELECT statement of `id`, and of the period from `as_of` up to, but not at, `until`: both in UTC milliseconds. */
  moments: string;
}

/** Number and value of the goal's events that count for the entity. */
const goalCounts = ({ source, where, value }: Goal, entity: Entity): Feature[] => {
  const common = { description: "Goals.", unit: "count", entity, source, where, window: { type: "lifetime" } };
  const count = { ...common, name: "reached", aggregate: { type: "count" } };
  const sum = { ...common, name: "reached_value", aggregate: { type: "sum", field: value } };
  return (typeof value === "string" ? [count, sum] : [count]) as unknown as Feature[];
};

/**
 * Creates the table `goal_outcomes` with the moments. Its column `reached` is the number of the goal's events in the period
 * that count for the entity, and `reached_value` the sum of their values, if the goal has one. The view `counted_events` has
 * the events.
 */
export const createGoalOutcomes = async (
  database: Database,
  { goal, entity, moments }: GoalOutcomeOptions,
): Promise<void> => {
  const name = entityNameOf({ entity });
  await database.run(`CREATE TABLE goal_periods AS ${moments}`);
  await database.run(
    `CREATE OR REPLACE TABLE spine AS SELECT ${literal(name)} AS entity, id, unnest([as_of, until]) AS as_of FROM goal_periods`,
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
      ? ", later.reached_value - earlier.reached_value AS reached_value"
      : typeof value === "number"
        ? `, (${reached}) * ${value} AS reached_value`
        : "";
  await database.run(
    `CREATE TABLE goal_outcomes AS SELECT periods.*, ${reached} AS reached${values}
     FROM goal_periods AS periods
     JOIN goal_counts AS earlier ON earlier.id = periods.id AND earlier.as_of = periods.as_of
     JOIN goal_counts AS later ON later.id = periods.id AND later.as_of = periods.until`,
  );
};
