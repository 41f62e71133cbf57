import type { ColumnType } from "@tidemark/schema/log";
import type { WarehouseTable } from "./table.ts";

/** Options of the statements for a warehouse. */
export interface WarehouseOptions {
  /** Id of the site. */
  site: string;
  /** Address of the log's folder `log/v1` as the warehouse reads it, without a slash at the end. */
  location: string;
  tables: readonly WarehouseTable[];
}

/** A warehouse's SQL. */
export interface WarehouseDialect {
  /** An example of a location. */
  location: string;
  /** The statements in their order, each without a semicolon. A line that begins with `--` is a comment. */
  statements(options: WarehouseOptions): string[];
}

/** Types of columns in a warehouse. The `json` of the log is text in its tables. */
export type ColumnTypes = Readonly<Record<ColumnType, string>>;

/** Name of a site's schema: `tidemark_shop`. */
export const schemaOf = (site: string): string => `tidemark_${site.replaceAll("-", "_")}`;

/** Address of the folder with the files of a table. */
export const folderOf = ({ location, site }: WarehouseOptions, { kind }: WarehouseTable): string =>
  `${location}/kind=${kind}/site=${site}`;

/** Text as a SQL literal. */
export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** The columns of a table that have JSON as text. */
export const jsonColumns = ({ columns }: WarehouseTable): string[] =>
  columns.filter(({ type }) => type === "json").map(({ name }) => name);
