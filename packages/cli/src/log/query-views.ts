import { toSql } from "@tidemark/engine/sql";
import type { Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf } from "@tidemark/schema/entities";
import { eventColumns, type LogColumn, vectorColumns } from "@tidemark/schema/log";
import { type Database, quote } from "./database.ts";
import { inRange } from "./log-views.ts";
import type { TimeRange } from "./time-range.ts";

/** The id of an event: the same in the page, in responses and in the log. */
export const EVENT_ID = "session_id || '/' || tab_id || '/' || seq";

/**
 * Casts of JSON text, so that its fields can be selected, such as `properties ->> 'sku'`. A feature can have been a plain
 * text in earlier definitions; it is NULL.
 */
const jsonSql = (columns: readonly LogColumn[]): string =>
  columns
    .filter(({ type }) => type === "json")
    .map(({ name }) => `TRY_CAST(${quote(name)} AS JSON) AS ${quote(name)}`)
    .join(", ");

/** The events as `toSql` reads them, with an `event_id` for people. */
export const eventsSql = (range: TimeRange): string =>
  `SELECT ${EVENT_ID} AS event_id, "type", "time", * EXCLUDE (kind, "type", "time") REPLACE (${jsonSql(eventColumns)})
   FROM log_events WHERE ${inRange('"time"', range)}`;

/** Creates the views that a user of `tidemark log query` selects from. */
export const createQueryViews = async (
  database: Database,
  features: readonly Feature[],
  range: TimeRange,
): Promise<void> => {
  await database.run(`CREATE VIEW events AS ${eventsSql(range)}`);
  await database.run(
    `CREATE VIEW vectors AS SELECT * EXCLUDE (kind) REPLACE (${jsonSql(vectorColumns(features))})
     FROM log_vectors WHERE ${inRange("event_time", range)}`,
  );
  await database.run(
    `CREATE VIEW records AS SELECT * REPLACE (CAST(payload AS JSON) AS payload)
     FROM log_records WHERE ${inRange("received_at", range)}`,
  );
  const queries = toSql(features, "duckdb", { columns: true, asOf: "latest" });
  for (const entity of entitiesIn(features).map((each) => entityNameOf({ entity: each })))
    await database.run(`CREATE VIEW ${quote(`features_${entity}`)} AS ${queries[`${entity}_features`]}`);
};
