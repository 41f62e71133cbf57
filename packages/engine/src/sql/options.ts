import type { LatenessOptions } from "../lateness.ts";

/** Options of {@link toSql}. */
export interface SqlOptions extends LatenessOptions {
  /**
   * Whether the table `events` has a column for each field of the contract, as in the files of the log, instead of the
   * event as JSON. Supported by DuckDB. Default: `false`.
   */
  columns?: boolean;
  /**
   * The moments of the features. `spine`: those of the table `spine`. `latest`: for each entity the time of its latest
   * event plus one, without such a table. Supported by DuckDB and Spark. Default: `spine`.
   */
  asOf?: "latest" | "spine";
}
