import type { LogColumn } from "@tidemark/schema/log";
import {
  type ColumnTypes,
  folderOf,
  literal,
  schemaOf,
  type WarehouseDialect,
  type WarehouseOptions,
} from "./dialect.ts";
import type { WarehouseTable } from "./table.ts";

const types: ColumnTypes = {
  ...{ int32: "Int32", int64: "Int64", timestamp: "DateTime64(3, 'UTC')", number: "Float64", boolean: "Bool" },
  ...{ text: "String", json: "String" },
};

const quote = (name: string): string => `\`${name}\``;

const columnSql = ({ name, type, required }: LogColumn): string =>
  `${quote(name)} ${required ? types[type] : `Nullable(${types[type]})`}`;

const isUrl = (location: string): boolean => /^https?:/.test(location);

const sourceSql = (options: WarehouseOptions, table: WarehouseTable): string => {
  const files = literal(`${folderOf(options, table)}/**/*.parquet`);
  const structure = literal(table.columns.map(columnSql).join(", "));
  return isUrl(options.location)
    ? `s3(${files}, '<access key>', '<secret>', 'Parquet', ${structure})`
    : `file(${files}, 'Parquet', ${structure})`;
};

/** A queue of the store's new files, and the view that moves its rows into the table. */
const pipeSql = (options: WarehouseOptions, schema: string, table: WarehouseTable): string[] => {
  const { files, columns } = table;
  return [
    `-- Loads each new file; it needs ClickHouse Keeper.\nCREATE TABLE IF NOT EXISTS ${schema}.${files}_queue (\n  ${columns.map(columnSql).join(",\n  ")}\n)\nENGINE = S3Queue(${literal(`${folderOf(options, table)}/**/*.parquet`)}, '<access key>', '<secret>', 'Parquet')\nSETTINGS mode = 'unordered'`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${schema}.${files}_pipe TO ${schema}.${files} AS\nSELECT * FROM ${schema}.${files}_queue`,
  ];
};

/** ClickHouse: tables that keep one of equal rows. */
export const clickhouse: WarehouseDialect = {
  location: "https://<account>.r2.cloudflarestorage.com/shop-tidemark-log/log/v1",
  statements(options) {
    const schema = schemaOf(options.site);
    const ofTable = (table: WarehouseTable): string[] => {
      const { files, view, columns, time, order, hasEventId } = table;
      const required = columns.filter((column) => column.required).map(columnSql);
      const added = columns
        .filter((column) => !column.required)
        .map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql(column)}`);
      const names = columns.map(({ name }) => quote(name)).join(", ");
      const id = hasEventId ? "concat(session_id, '/', tab_id, '/', toString(seq)) AS event_id, " : "";
      return [
        `CREATE TABLE IF NOT EXISTS ${schema}.${files} (\n  ${required.join(",\n  ")}\n)\nENGINE = ReplacingMergeTree\nPARTITION BY toYYYYMM(${quote(time)})\nORDER BY (${[...order, "partition", "offset"].map(quote).join(", ")})`,
        `ALTER TABLE ${schema}.${files}\n  ${added.join(",\n  ")}`,
        `CREATE OR REPLACE VIEW ${schema}.${view} AS\nSELECT ${id}* FROM ${schema}.${files} FINAL`,
        `-- Loads all files. Rows that the table has already are replaced.\nINSERT INTO ${schema}.${files} (${names})\nSELECT ${names}\nFROM ${sourceSql(options, table)}`,
        ...(isUrl(options.location) ? pipeSql(options, schema, table) : []),
      ];
    };
    return [`CREATE DATABASE IF NOT EXISTS ${schema}`, ...options.tables.flatMap(ofTable)];
  },
};
