import type { LogColumn } from "@tidemark/schema/log";
import { type ColumnTypes, folderOf, jsonColumns, literal, schemaOf, type WarehouseDialect } from "./dialect.ts";
import type { WarehouseTable } from "./table.ts";

const types: ColumnTypes = {
  ...{ int32: "INT64", int64: "INT64", timestamp: "TIMESTAMP", number: "FLOAT64", boolean: "BOOL" },
  ...{ text: "STRING", json: "STRING" },
};

const quote = (name: string): string => `\`${name}\``;

const columnSql = ({ name, type, required }: LogColumn): string =>
  `${quote(name)} ${types[type]}${required ? " NOT NULL" : ""}`;

const viewSql = (schema: string, table: WarehouseTable): string => {
  const parsed = jsonColumns(table).map(
    (name) => `SAFE.PARSE_JSON(${quote(name)}, wide_number_mode => 'round') AS ${quote(name)}`,
  );
  const id = table.hasEventId ? "CONCAT(session_id, '/', tab_id, '/', CAST(seq AS STRING)) AS event_id, " : "";
  return `CREATE OR REPLACE VIEW ${schema}.${table.view} AS
SELECT ${id}* REPLACE (${parsed.join(", ")})
FROM ${schema}.${table.files}
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY \`partition\`, \`offset\` ORDER BY received_at) = 1`;
};

/** BigQuery: it reads a copy of the log in Cloud Storage, as an external table. */
export const bigquery: WarehouseDialect = {
  location: "gs://shop-tidemark-log/log/v1",
  statements(options) {
    const schema = schemaOf(options.site);
    const ofTable = (table: WarehouseTable): string[] => {
      const { files, columns, time, order } = table;
      const required = columns.filter((column) => column.required).map(columnSql);
      const added = columns
        .filter((column) => !column.required)
        .map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql(column)}`);
      const all = columns.map(({ name, type }) => `${quote(name)} ${types[type]}`);
      const names = columns.map(({ name }) => quote(name)).join(", ");
      // The table has only the required columns when it is created.
      const isRequired = (name: string) => columns.some((column) => column.name === name && column.required);
      const cluster = [...order.filter((name) => name !== time), "session_id"].filter(isRequired);
      const clusterSql = cluster.length > 0 ? `\nCLUSTER BY ${cluster.map(quote).join(", ")}` : "";
      return [
        `CREATE TABLE IF NOT EXISTS ${schema}.${files} (\n  ${required.join(",\n  ")}\n)\nPARTITION BY DATE(${quote(time)})${clusterSql}`,
        `ALTER TABLE ${schema}.${files}\n  ${added.join(",\n  ")}`,
        viewSql(schema, table),
        `CREATE OR REPLACE EXTERNAL TABLE ${schema}.${files}_stage (\n  ${all.join(",\n  ")}\n)\nOPTIONS (format = 'PARQUET', uris = [${literal(`${folderOf(options, table)}/*.parquet`)}])`,
        `-- Adds the records that the table does not have.
INSERT INTO ${schema}.${files} (${names})
SELECT ${names}
FROM ${schema}.${files}_stage AS stage
WHERE NOT EXISTS (
  SELECT 1 FROM ${schema}.${files} AS present
  WHERE present.\`partition\` = stage.\`partition\` AND present.\`offset\` = stage.\`offset\`
)
QUALIFY ROW_NUMBER() OVER (PARTITION BY \`partition\`, \`offset\` ORDER BY received_at) = 1`,
      ];
    };
    return [`CREATE SCHEMA IF NOT EXISTS ${schema}`, ...options.tables.flatMap(ofTable)];
  },
};
