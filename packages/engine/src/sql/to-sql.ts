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

/** Of which rows each dialect tells the features of an entity. */
const rowSetsIn: Record<
  DialectName,
  (entity: Entity, features: readonly Feature[], options: LatenessOptions | undefined) => RowSet[]
> = {
  duckdb: (entity, features, options) => [pointInTime(entity, features, duckdb, options)],
  spark: (entity, features, options) => [pointInTime(entity, features, spark, options)],
  flink: (entity, features) => windowed(entity, features, flink),
};

/**
 * Compiles definitions to SQL that yields what the engine does, over a table `events` with a row for each event of the log of one
 * site (docs/sql.md says its columns). DuckDB and Spark tell features as of the moments in a table `spine` of (entity, id, as_of):
 * one query for each entity. Flink tells them for each window as it ends: one query for each entity and kind of window.
 *
 * @param options When an event comes too late to count; Flink has its own rule, by the watermark of its table.
 * @returns SELECT statements by the name of what they tell, as `session_features` or `user_features_hopping_10000_60000`.
 * @throws Error that names the dialect when there is none of that name, or the feature and the reason when it cannot be told in the
 * dialect; and what `derivationOrder` throws.
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
  const frames = entitiesIn(features).flatMap((entity) =>
    rowSetsIn[dialect](entity, featuresOf(features, entityNameOf({ entity })), options),
  );
  return Object.fromEntries(frames.map((frame) => [frame.name, select(frame, dialects[dialect])]));
};
