import { type DuckDBConnection, DuckDBInstance, DuckDBListType, type DuckDBType } from "@duckdb/node-api";
import type { LoggedEvent } from "../../src/logged-event.ts";
import type { Database, Row } from "./parity.ts";

/** A layout of the table `events`. */
export interface EventsLayout {
  /** Whether the table has a column for each field, instead of JSON. */
  columns: boolean;
  /** Replaces the log, in order of arrival. */
  load(connection: DuckDBConnection, written: readonly LoggedEvent[]): Promise<void>;
}

const EVENTS = `CREATE OR REPLACE TABLE events AS
  SELECT e ->> 'session_id' AS session_id, e ->> 'anonymous_id' AS anonymous_id, e ->> 'user_id' AS user_id,
    e ->> 'tab_id' AS tab_id, CAST(e -> 'seq' AS BIGINT) AS seq, e ->> 'type' AS "type", CAST(e -> 'time' AS BIGINT) AS "time",
    e ->> 'view_id' AS view_id, position AS arrival, e AS event
  FROM (SELECT unnest(e) AS e, generate_subscripts(e, 1) AS position FROM (SELECT CAST($1 AS JSON[]) AS e))`;

/** Events as JSON, with the columns of their context. */
export const jsonEvents: EventsLayout = {
  columns: false,
  async load(connection, written) {
    await connection.run(EVENTS, [JSON.stringify(written)]);
  },
};

const SPINE = `CREATE OR REPLACE TABLE spine AS
  SELECT e ->> 'entity' AS entity, e ->> 'id' AS id, CAST(e -> 'as_of' AS BIGINT) AS as_of
  FROM (SELECT unnest(CAST($1 AS JSON[])) AS e)`;

/** Converts a value of DuckDB to the engine's type. */
const valueIn = (value: unknown, type: DuckDBType): unknown => {
  if (value === null) return null;
  if (type instanceof DuckDBListType) return (value as unknown[]).map((item) => valueIn(item, type.valueType));
  if (type.alias === "JSON") return JSON.parse(value as string);
  return typeof value === "bigint" ? Number(value) : value;
};

/** Opens DuckDB in memory. Default layout of its events: {@link jsonEvents}. */
export const openDuckdb = async ({ columns, load }: EventsLayout = jsonEvents): Promise<Database> => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection: DuckDBConnection = await instance.connect();
  return {
    dialect: "duckdb",
    columns,
    async load(written, spine) {
      await load(connection, written);
      await connection.run(SPINE, [JSON.stringify(spine)]);
    },
    async query(query) {
      const result = await connection.runAndReadAll(query);
      const names = result.columnNames();
      const types = result.columnTypes();
      return result
        .getRowsJS()
        .map((row) =>
          Object.fromEntries(row.map((value, column) => [names[column], valueIn(value, types[column] as DuckDBType)])),
        ) as Row[];
    },
  };
};
