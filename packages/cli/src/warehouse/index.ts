import { bigquery } from "./bigquery.ts";
import { clickhouse } from "./clickhouse.ts";
import { databricks } from "./databricks.ts";
import type { WarehouseDialect } from "./dialect.ts";
import { duckdb } from "./duckdb.ts";
import { snowflake } from "./snowflake.ts";

export { warehouseTables } from "./table.ts";

/** The warehouses by name. */
export const warehouses: Readonly<Record<string, WarehouseDialect>> = {
  ...{ snowflake, bigquery, databricks, clickhouse, duckdb },
};
