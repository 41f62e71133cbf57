import type { LogColumn } from "@tidemark/schema/log";
import {
  type ColumnTypes,
  folderOf,
  jsonColumns,
  literal,
  schemaOf,
  type WarehouseDialect,
  type WarehouseOptions,
} from "./dialect.ts";
import type { WarehouseTable } from "./table.ts";

const types: ColumnTypes = {
  ...{ int32: "INTEGER", int64: "BIGINT", timestamp: "TIMESTAMP", number: "DOUBLE", boolean: "BOOLEAN" },
  ...{ text: "VARCHAR", json: "VARCHAR" },
};

const quote = (name: string): string => `"${name}"`;

const columnSql = ({ name, type, required }: LogColumn): string =>
  `${quote(name)} ${types[type]}${required ? " NOT NULL" : ""}`;

/** The value of a column in a file. Times have a zone there; an earlier definition of a feature can have had another type. */
const valueSql = ({ name, type }: LogColumn): string => {
  const column = `files.${quote(name)}`;
  if (type === "timestamp") return `make_timestamp(epoch_us(${column})) AS ${quote(name)}`;
  return `TRY_CAST(${column} AS ${types[type]}) AS ${quote(name)}`;
};

const viewSql = (schema: string, table: WarehouseTable): string => {
  const { view, files, hasEventId } = table;
  const parsed = jsonColumns(table).map((name) => `TRY_CAST(${quote(name)} AS JSON) AS ${quote(name)}`);
  const id = hasEventId ? "session_id || '/' || tab_id || '/' || seq AS event_id, " : "";
  return `CREATE OR REPLACE VIEW ${schema}.${view} AS\nSELECT ${id}* REPLACE (${parsed.join(", ")}) FROM ${schema}.${files}`;
};

const createSql = (schema: string, table: WarehouseTable): string[] => {
  const { files, columns } = table;
  return [
    `CREATE TABLE IF NOT EXISTS ${schema}.${files} (\n  ${columns
      .filter(({ required }) => required)
      .map(columnSql)
      .join(",\n  ")}\n)`,
    ...columns
      .filter(({ required }) => !required)
      .map((column) => `ALTER TABLE ${schema}.${files} ADD COLUMN IF NOT EXISTS ${columnSql(column)}`),
    viewSql(schema, table),
  ];
};

/**
 * The load of a table. A log without events is at another address, and is an error of `read_parquet`. A new log has no
 * files of the other kinds: the first session closes half an hour after its last event.
 */
const loadSql = (options: WarehouseOptions, schema: string, table: WarehouseTable): string[] => {
  const { kind, files, columns } = table;
  const pattern = literal(`${folderOf(options, table)}/**/*.parquet`);
  const read = `FROM read_parquet(${pattern}, union_by_name = true, hive_partitioning = false)`;
  const select =
    kind === "event"
      ? literal(read)
      : `(SELECT CASE count(*) WHEN 0 THEN ${literal(`FROM ${schema}.${files} WHERE FALSE`)} ELSE ${literal(read)} END FROM glob(${pattern}))`;
  return [
    `SET VARIABLE log_files = ${select}`,
    `-- Adds the records that the table does not have.
INSERT INTO ${schema}.${files} BY NAME
SELECT DISTINCT ON (files.partition, files."offset")
  ${columns.map(valueSql).join(",\n  ")}
FROM (SELECT * FROM ${schema}.${files} WHERE FALSE UNION ALL BY NAME FROM query(getvariable('log_files'))) AS files
ANTI JOIN ${schema}.${files} AS present USING (partition, "offset")`,
  ];
};

/** DuckDB: tables in a database file. The load adds the records that a table does not have. */
export const duckdb: WarehouseDialect = {
  location: "s3://shop-tidemark-log/log/v1",
  statements(options) {
    const schema = schemaOf(options.site);
    return [
      `CREATE SCHEMA IF NOT EXISTS ${schema}`,
      ...options.tables.flatMap((table) => createSql(schema, table)),
      ...options.tables.flatMap((table) => loadSql(options, schema, table)),
    ];
  },
};
