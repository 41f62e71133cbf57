import { type ColumnType, eventColumns, recordTable } from "@tidemark/schema/log";
import type { LoggedEvent } from "../../src/logged-event.ts";
import type { EventsLayout } from "./run-duckdb.ts";

const TYPES: Record<ColumnType, string> = {
  int32: "INTEGER",
  int64: "BIGINT",
  timestamp: "BIGINT",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
  json: "VARCHAR",
};

const STRUCTURE = JSON.stringify(Object.fromEntries(eventColumns.map(({ name, type }) => [name, TYPES[type]])));

const EVENTS = `CREATE OR REPLACE TABLE events AS
  SELECT * REPLACE (epoch_ms("time") AS "time")
  FROM (SELECT unnest(from_json(e, '${STRUCTURE}')) FROM (SELECT unnest(CAST($1 AS JSON[])) AS e))`;

const { rowOf } = recordTable("event", []);

const rowsOf = (events: readonly LoggedEvent[]) =>
  events.map((event, index) => {
    const place = { site: "shop", partition: 0, offset: index, arrival: index, received_at: 0 };
    return rowOf({ ...place, kind: "event", v: 1, event });
  });

/** Events with a column for each field of the contract. */
export const columnEvents: EventsLayout = {
  columns: true,
  async load(connection, written) {
    await connection.run(EVENTS, [JSON.stringify(rowsOf(written))]);
  },
};
