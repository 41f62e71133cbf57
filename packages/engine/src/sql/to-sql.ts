import type { Entity, Feature } from "@tidemark/schema";
import { derivationOrder } from "@tidemark/schema/derivation-order";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { checkDefinitions } from "../check-definitions.ts";
import { displayed } from "../displayed.ts";
import type { LatenessOptions } from "../lateness.ts";
import type { DialectName } from "./dialect.ts";
import { duckdb } from "./duckdb.ts";
import { flink } from "./flink.ts";
import { pointInTime } from "./point-in-time.ts";
import type { RowSet } from "./row-set.ts";
import { select } from "./select.ts";
import { spark } from "./spark.ts";
import { windowed } from "./windowed.ts";

const dialects = { duckdb, flink, spark };

/** The row sets of an entity's features in each dialect. */
const rowSetsIn: Record<
  DialectName,
  (entity: Entity, features: readonly Feature[], options: LatenessOptions | undefined) => RowSet[]
> = {
  duckdb: (entity, features, options) => [pointInTime(entity, features, duckdb, options)],
  spark: (entity, features, options) => [pointInTime(entity, features, spark, options)],
  flink: (entity, features) => windowed(entity, features, flink),
};

/**
 * Compiles definitions to SQL that gives the engine's values. The queries read a table `events` with a row for each
 * event of one site's log; docs/sql.md lists its columns.
 *
 * - DuckDB and Spark: one query for each entity. It has the features as of each (entity, id, as_of) of a table `spine`.
 * - Flink: one query for each entity and kind of window. It has the features of each window when the window ends.
 *
 * @param options Bounds beyond which an event is too late to count. Flink ignores them: the watermark of its table
 * decides.
 * @returns SELECT statements by name, such as `session_features` or `user_features_hopping_10000_60000`.
 * @throws Error that names an unknown dialect, or the feature that the dialect cannot compute, with the reason. Also
 * throws the errors of `derivationOrder`.
 */
export const toSql = (
  features: readonly Feature[],
  dialect: DialectName,
  options?: LatenessOptions,
): Record<string, string> => {
  if (!Object.hasOwn(dialects, dialect))
    throw new Error(`toSql: dialect: expected ${Object.keys(dialects).join(", ")}; given ${displayed(dialect)}`);
  checkDefinitions(features);
  derivationOrder(features);
  const rowSets = entitiesIn(features).flatMap((entity) =>
    rowSetsIn[dialect](entity, featuresOf(features, entityNameOf({ entity })), options),
  );
  return Object.fromEntries(rowSets.map((rowSet) => [rowSet.name, select(rowSet, dialects[dialect])]));
};
