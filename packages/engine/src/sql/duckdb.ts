import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_TEXT_CHARACTERS } from "../limits.ts";
import type { AggregateCall, Dialect, Kind } from "./dialect.ts";
import { growthByArrival } from "./growth.ts";

const ORDER = "time, tab_id, seq";
const NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE')";

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** JSON pointer of a field (RFC 6901), which can name any key. */
export const jsonPointer = (path: readonly string[]): string =>
  text(path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""));

const EMPTY_LIST = "[]";

const listOrEmpty = (list: string): string => `COALESCE(${list}, ${EMPTY_LIST})`;

/** ORDER BY items that order groups by key, numbers before texts where both are possible. */
const keyOrder = (group: string, kind: Kind): string =>
  kind === "free"
    ? `json_type(${group}) = 'VARCHAR', ${fromFree(group, "number")}, ${fromFree(group, "string")}`
    : group;

/** The value at a path of JSON; NULL when it has another kind. */
export const typedAt = (json: string, path: string, kind: FieldKind): string => {
  const type = `json_type(${json}, ${path})`;
  const value = `json_extract(${json}, ${path})`;
  const string = `json_extract_string(${json}, ${path})`;
  switch (kind) {
    case "number":
      return `CASE WHEN ${type} IN ${NUMBERS} THEN CAST(${value} AS DOUBLE) END`;
    case "string":
      return `CASE WHEN ${type} = 'VARCHAR' THEN ${string} END`;
    case "boolean":
      return `CASE WHEN ${type} = 'BOOLEAN' THEN CAST(${value} AS BOOLEAN) END`;
    case "free":
      return `CASE WHEN ${type} = 'VARCHAR' THEN to_json(${string}) WHEN ${type} IN ${NUMBERS} THEN ${value} END`;
  }
};

const fromFree = (value: string, kind: FieldKind): string => typedAt(value, "'$'", kind);

/** Both functions skip a NULL, but not a struct that contains one. */
const endOf = (extreme: "ARG_MIN" | "ARG_MAX", value: string, countsNull: boolean): AggregateCall =>
  countsNull
    ? {
        call: `${extreme}(STRUCT_PACK(value := ${value}), ROW(${ORDER}))`,
        result: (end) => `STRUCT_EXTRACT(${end}, 'value')`,
      }
    : { call: `${extreme}(${value}, ROW(${ORDER}))` };

/** DuckDB 1.5, for a laptop or a warehouse. It supports every definition. */
export const duckdb: Dialect = {
  name: "duckdb",
  title: "DuckDB SQL",
  events: "events",
  textType: "VARCHAR",
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  text,
  field: (path, kind) => typedAt("event", jsonPointer(path), kind),
  truncated: (free) =>
    `CASE WHEN json_type(${free}) = 'VARCHAR' THEN to_json(LEFT(json_extract_string(${free}, '$'), ${MAX_TEXT_CHARACTERS})) ELSE ${free} END`,
  growth: growthByArrival,
  millionths: (number) =>
    `CASE WHEN ${number} = TRUNC(${number}) THEN CAST(${number} AS HUGEINT) * 1000000 ELSE CAST(ROUND(${number} * 1e6) AS HUGEINT) END`,
  // DuckDB rounds twice when it casts a HUGEINT to DOUBLE, and once when it casts a text.
  nearest: (whole) => `CAST(CAST(${whole} AS VARCHAR) AS DOUBLE)`,
  wholePart: (millionths) => `${millionths} // 1000000`,
  remainder: (millionths) => `${millionths} % 1000000`,
  first: (value, _, countsNull) => endOf("ARG_MIN", value, countsNull),
  last: (value, _, countsNull) => endOf("ARG_MAX", value, countsNull),
  latest: (number, seq) => ({ call: `ARG_MAX(${number}, ${seq})` }),
  emptyList: EMPTY_LIST,
  lastN: (value, n) => ({ call: `LIST(${value} ORDER BY ${ORDER})`, result: (list) => listOrEmpty(`${list}[-${n}:]`) }),
  quantile: (number, q) => ({
    call: `LIST(${number} ORDER BY ${number})`,
    result: (list) => `${list}[1 + CAST(FLOOR(${q} * (LEN(${list}) - 1)) AS BIGINT)]`,
  }),
  topK: (group, value, count, k, kind) => ({
    call: `LIST(${value} ORDER BY ${count} DESC, ${keyOrder(group, kind)})`,
    result: (list) => listOrEmpty(`${list}[1:${k}]`),
  }),
  fromFree,
  toFree: (value) => `to_json(${value})`,
};
