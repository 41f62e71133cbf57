import type { LogColumn } from "@tidemark/schema/log";
import { type ColumnTypes, folderOf, jsonColumns, literal, schemaOf, type WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./table.ts";

const types: ColumnTypes = {
  int32: "NUMBER(10,0)",
  int64: "NUMBER(19,0)",
  timestamp: "TIMESTAMP_LTZ(6)",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
  json: "VARCHAR",
};

/** Names in capitals: a query writes them without quotes, in any case. */
const quote = (name: string): string => `"${name.toUpperCase()}"`;

const columnSql = ({ name, type, required }: LogColumn): string =>
  `${quote(name)} ${types[type]}${required ? " NOT NULL" : ""}`;

/** R2 and other stores with the API of S3 need an endpoint and keys; for the clouds' own, an integration has them. */
const accessSql = (location: string): string =>
  location.startsWith("s3compat:")
    ? "ENDPOINT = '<account>.r2.cloudflarestorage.com'\n  CREDENTIALS = (AWS_KEY_ID = '<access key>' AWS_SECRET_KEY = '<secret>')"
    : "STORAGE_INTEGRATION = <integration>";

const viewSql = (table: WarehouseTable): string => {
  const parsed = jsonColumns(table).map((name) => `TRY_PARSE_JSON(${quote(name)}) AS ${quote(name)}`);
  const id = table.hasEventId ? `"SESSION_ID" || '/' || "TAB_ID" || '/' || "SEQ" AS "EVENT_ID", ` : "";
  return `CREATE OR REPLACE VIEW ${table.view} AS
SELECT ${id}* REPLACE (${parsed.join(", ")})
FROM ${table.files}
QUALIFY ROW_NUMBER() OVER (PARTITION BY "PARTITION", "OFFSET" ORDER BY "RECEIVED_AT") = 1`;
};

/** Snowflake: external stages, and a pipe where the store sends notifications, else a task. */
export const snowflake: WarehouseDialect = {
  location: "s3compat://shop-tidemark-log/log/v1",
  statements(options) {
    const { location, tables, site } = options;
    const hasNotifications = !location.startsWith("s3compat:");
    const ofTable = (table: WarehouseTable): string[] => {
      const stage = `${table.files}_stage`;
      const copy = `COPY INTO ${table.files} FROM @${stage} FILE_FORMAT = (FORMAT_NAME = 'log_files') MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE`;
      const { columns, files } = table;
      return [
        `CREATE TABLE IF NOT EXISTS ${files} (\n  ${columns
          .filter(({ required }) => required)
          .map(columnSql)
          .join(",\n  ")}\n)`,
        ...columns
          .filter(({ required }) => !required)
          .map((column) => `ALTER TABLE ${files} ADD COLUMN IF NOT EXISTS ${columnSql(column)}`),
        `CREATE STAGE IF NOT EXISTS ${stage}\n  URL = ${literal(`${folderOf(options, table)}/`)}\n  ${accessSql(location)}`,
        viewSql(table),
        `-- Loads the files that it has not loaded yet. After an error it can run again.\n${copy}`,
        hasNotifications
          ? `CREATE PIPE IF NOT EXISTS ${files}_pipe AUTO_INGEST = TRUE AS\n${copy}`
          : `-- The store sends no notifications. After a new task: ALTER TASK ${files}_load RESUME.\nCREATE TASK IF NOT EXISTS ${files}_load SCHEDULE = '5 MINUTES' AS\n${copy}`,
      ];
    };
    return [
      `CREATE SCHEMA IF NOT EXISTS ${schemaOf(site)}`,
      `USE SCHEMA ${schemaOf(site)}`,
      "CREATE FILE FORMAT IF NOT EXISTS log_files TYPE = PARQUET USE_LOGICAL_TYPE = TRUE",
      ...tables.flatMap(ofTable),
    ];
  },
};
