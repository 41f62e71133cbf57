import type { Entity, Feature } from "@tidemark/schema";
import { derivationOrder } from "@tidemark/schema/derivation-order";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { checkDefinitions } from "../check-definitions.ts";
import { displayed } from "../displayed.ts";
import type { Dialect, DialectName } from "./dialect.ts";
import { duckdb } from "./duckdb.ts";
import { duckdbColumns } from "./duckdb-columns.ts";
import { entityIdSql } from "./entity.ts";
import { flink } from "./flink.ts";
import type { SqlOptions } from "./options.ts";
import { pointInTime } from "./point-in-time.ts";
import type { RowSet } from "./row-set.ts";
import { select } from "./select.ts";
import { spark } from "./spark.ts";
import { windowed } from "./windowed.ts";

const dialects = { duckdb, flink, spark };

const rowSetsOf = (
  entity: Entity,
  features: readonly Feature[],
  dialect: Dialect,
  options: SqlOptions | undefined,
): RowSet[] =>
  dialect.name === "flink" ? windowed(entity, features, dialect) : [pointInTime(entity, features, dialect, options)];

/**
 * Compiles definitions to SQL that gives the engine's values. The queries read a table `events` with a row for each
 * event of one site's log; docs/sql.md lists its columns.
 *
 * - DuckDB and Spark: one query for each entity. It has the features as of each (entity, id, as_of) of a table `spine`,
 *   or as of the latest event of each entity.
 * - Flink: one query for each entity and kind of window. It has the features of each window when the window ends.
 *
 * @param options The layout of `events`, the moments, and the bounds beyond which an event is too late to count. Flink
 * ignores moments and bounds: its windows and the watermark of its table decide.
 * @returns SELECT statements by name, such as `session_features` or `user_features_hopping_10000_60000`.
 * @throws Error that names an unknown dialect, a dialect without the layout, or the feature that the dialect cannot compute, with the reason. Also
 * throws the errors of `derivationOrder`.
 */
export const toSql = (
  features: readonly Feature[],
  dialect: DialectName,
  options?: SqlOptions,
): Record<string, string> => {
  const compiler = dialectOf(dialect, options?.columns ?? false);
  checkDefinitions(features);
  derivationOrder(features);
  const rowSets = entitiesIn(features).flatMap((entity) =>
    rowSetsOf(entity, featuresOf(features, entityNameOf({ entity })), compiler, options),
  );
  return Object.fromEntries(rowSets.map((rowSet) => [rowSet.name, select(rowSet, compiler)]));
};

const dialectOf = (name: DialectName, columns: boolean): Dialect => {
  if (!Object.hasOwn(dialects, name))
    throw new Error(`toSql: dialect: expected ${Object.keys(dialects).join(", ")}; given ${displayed(name)}`);
  if (!columns) return dialects[name];
  if (name !== "duckdb") throw new Error(`toSql: columns: expected the dialect duckdb; given ${displayed(name)}`);
  return duckdbColumns;
};

/**
 * Compiles an entity to the SQL expression of its id, as a text, over the rows of `events`. It is NULL for an event that
 * counts for no such entity.
 *
 * @throws Error that names an unknown dialect, or one without the layout.
 */
export const toIdSql = (
  entity: Entity,
  dialect: DialectName,
  { columns = false }: Pick<SqlOptions, "columns"> = {},
): string => entityIdSql(entity, dialectOf(dialect, columns));
