import { fieldColumns } from "@tidemark/schema/log";
import type { Dialect } from "./dialect.ts";
import { duckdb, jsonPointer, typedAt } from "./duckdb.ts";

const { quote } = duckdb;

/** DuckDB over a table with a column for each field of the contract, as in the files of the log. */
export const duckdbColumns: Dialect = {
  ...duckdb,
  events: `(SELECT * REPLACE (epoch_ms(${quote("time")}) AS ${quote("time")}) FROM events)`,
  field(path, kind) {
    const column = fieldColumns.get(path.join("."));
    if (column) return kind === "free" ? `to_json(${quote(column.name)})` : quote(column.name);
    const [name = "", ...keys] = path;
    const object = fieldColumns.get(`${name}.`);
    if (!object) throw new Error(`no column has the field ${path.join(".")}`);
    return typedAt(quote(object.name), jsonPointer(keys), kind);
  },
};
