import type { LogColumn } from "@tidemark/schema/log";
import { type ColumnTypes, folderOf, literal, schemaOf, type WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./table.ts";

const types: ColumnTypes = {
  ...{ int32: "INT", int64: "BIGINT", timestamp: "TIMESTAMP", number: "DOUBLE", boolean: "BOOLEAN" },
  ...{ text: "STRING", json: "STRING" },
};

const quote = (name: string): string => `\`${name}\``;

const columnSql = ({ name, type, required }: LogColumn): string =>
  `${quote(name)} ${types[type]}${required ? " NOT NULL" : ""}`;

const viewSql = (schema: string, { view, files, hasEventId }: WarehouseTable): string => {
  const id = hasEventId ? "session_id || '/' || tab_id || '/' || seq AS event_id, " : "";
  return `CREATE OR REPLACE VIEW ${schema}.${view} AS
SELECT ${id}*
FROM ${schema}.${files}
QUALIFY ROW_NUMBER() OVER (PARTITION BY \`partition\`, \`offset\` ORDER BY received_at) = 1`;
};

/** Databricks: Delta tables. Columns with JSON are text, whose fields a query selects with `properties:sku`. */
export const databricks: WarehouseDialect = {
  location: "r2://shop-tidemark-log@<account>.r2.cloudflarestorage.com/log/v1",
  statements(options) {
    const schema = schemaOf(options.site);
    const ofTable = (table: WarehouseTable): string[] => [
      `CREATE TABLE IF NOT EXISTS ${schema}.${table.files} (\n  ${table.columns.map(columnSql).join(",\n  ")}\n)\nUSING DELTA\nCLUSTER BY (${table.order.map(quote).join(", ")})`,
      `-- Loads the files that it has not loaded yet, and adds the columns of new features.
COPY INTO ${schema}.${table.files}
FROM ${literal(folderOf(options, table))}
FILEFORMAT = PARQUET
FORMAT_OPTIONS ('recursiveFileLookup' = 'true', 'mergeSchema' = 'true')
COPY_OPTIONS ('mergeSchema' = 'true')`,
      viewSql(schema, table),
    ];
    return [`CREATE SCHEMA IF NOT EXISTS ${schema}`, ...options.tables.flatMap(ofTable)];
  },
};
