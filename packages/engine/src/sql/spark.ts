import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_TEXT_CHARACTERS } from "../limits.ts";
import { millionths } from "./decimal.ts";
import type { Dialect, Kind } from "./dialect.ts";
import { growthByArrival } from "./growth.ts";

const POSITION = "STRUCT(time, tab_id, seq)";

const text = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A path in a VARIANT. A key may contain one kind of quotation mark, not both. */
const jsonPath = (path: readonly string[]): string => {
  const keys = path.map((key) => {
    if (key.includes("'") && key.includes('"')) {
      throw new Error(
        `Spark has no path for the field ${path.join(".")}, whose name contains both ' and "; rename the field`,
      );
    }
    if (/^\w+$/.test(key)) return `.${key}`;
    return key.includes("'") ? `["${key}"]` : `['${key}']`;
  });
  return text(`$${keys.join("")}`);
};

/** The value at a path of a JSON text; NULL when it has another kind. */
const typedAt = (json: string, path: string, kind: FieldKind): string => {
  const value = `VARIANT_GET(PARSE_JSON(${json}), ${path})`;
  const type = `SCHEMA_OF_VARIANT(${value})`;
  const isNumber = `${type} RLIKE '^(BIGINT|DECIMAL|DOUBLE)'`;
  switch (kind) {
    case "number":
      return `CASE WHEN ${isNumber} THEN CAST(${value} AS DOUBLE) END`;
    case "string":
      return `CASE WHEN ${type} = 'STRING' THEN CAST(${value} AS STRING) END`;
    case "boolean":
      return `CASE WHEN ${type} = 'BOOLEAN' THEN CAST(${value} AS BOOLEAN) END`;
    case "free":
      return `CASE WHEN ${type} = 'STRING' OR ${isNumber} THEN TO_JSON(${value}) END`;
  }
};

const fromFree = (value: string, kind: FieldKind): string => typedAt(value, "'$'", kind);

/** Struct fields that order groups by key, numbers before texts where both are possible. */
const keyOrder = (group: string, kind: Kind): string =>
  kind === "free"
    ? `LEFT(${group}, 1) = '"' AS is_text, ${fromFree(group, "number")} AS number, ${fromFree(group, "string")} AS string`
    : `${group} AS value`;

/** Spark SQL 4, in batch mode. */
export const spark: Dialect = {
  name: "spark",
  title: "Spark SQL",
  events: "events",
  textType: "STRING",
  quote: (name) => `\`${name.replaceAll("`", "``")}\``,
  text,
  field: (path, kind) => typedAt("event", jsonPath(path), kind),
  truncated: (free) =>
    `COALESCE(TO_JSON(CAST(LEFT(${fromFree(free, "string")}, ${MAX_TEXT_CHARACTERS}) AS VARIANT)), ${free})`,
  growth: growthByArrival,
  millionths,
  nearest: (whole) => `CAST(${whole} AS DOUBLE)`,
  wholePart: (units) => `${units} DIV 1000000`,
  remainder: (units) => `${units} % 1000000`,
  first: (value) => ({ call: `MIN_BY(${value}, ${POSITION})` }),
  last: (value) => ({ call: `MAX_BY(${value}, ${POSITION})` }),
  latest: (number, seq) => ({ call: `MAX_BY(${number}, ${seq})` }),
  emptyList: "ARRAY()",
  lastN: (value, n) => ({
    call: `COLLECT_LIST(STRUCT(time, tab_id, seq, ${value} AS value))`,
    result: (list) =>
      `TRANSFORM(SLICE(SORT_ARRAY(${list}), GREATEST(SIZE(${list}) - ${n - 1}, 1), ${n}), item -> item.value)`,
  }),
  quantile: (number, q) => ({
    call: `COLLECT_LIST(${number})`,
    result: (list) => `GET(SORT_ARRAY(${list}), CAST(FLOOR(${q} * (SIZE(${list}) - 1)) AS INT))`,
  }),
  topK: (group, value, count, k, kind) => ({
    call: `COLLECT_LIST(STRUCT(-${count} AS negative_count, ${keyOrder(group, kind)}, ${value} AS group_value))`,
    result: (list) => `COALESCE(TRANSFORM(SLICE(SORT_ARRAY(${list}), 1, ${k}), item -> item.group_value), ARRAY())`,
  }),
  fromFree,
  toFree: (value) => `TO_JSON(CAST(${value} AS VARIANT))`,
};
