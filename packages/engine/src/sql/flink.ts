import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_TEXT_CHARACTERS } from "../limits.ts";
import { millionths } from "./decimal.ts";
import type { AggregateCall, Dialect, Kind } from "./dialect.ts";
import { VIEW } from "./growth.ts";

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A JSON path of a field. */
const jsonPath = (path: readonly string[]): string => {
  const keys = path.map((key) =>
    /^\w+$/.test(key) ? `.${key}` : `['${key.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`,
  );
  return text(`$${keys.join("")}`);
};

/**
 * The value at a path of a JSON text; NULL when it has another kind. The first character inside the array wrapper shows
 * the kind.
 */
const typedAt = (json: string, path: string, kind: FieldKind): string => {
  const wrapped = `JSON_QUERY(${json}, ${path} WITH UNCONDITIONAL ARRAY WRAPPER)`;
  const value = `JSON_VALUE(${json}, ${path})`;
  const isNumber = `REGEXP(${wrapped}, '^\\[[-0-9]')`;
  const isText = `LEFT(${wrapped}, 2) = '["'`;
  switch (kind) {
    case "number":
      return `CASE WHEN ${isNumber} THEN CAST(${value} AS DOUBLE) END`;
    case "string":
      return `CASE WHEN ${isText} THEN ${value} END`;
    case "boolean":
      return `CASE ${wrapped} WHEN '[true]' THEN TRUE WHEN '[false]' THEN FALSE END`;
    case "free":
      return `CASE WHEN ${isText} THEN JSON_STRING(${value}) WHEN ${isNumber} THEN ${value} END`;
  }
};

const fromFree = (value: string, kind: FieldKind): string =>
  typedAt(`CONCAT('{"free":', ${value}, '}')`, "'$.free'", kind);

/** A whole number as a text that sorts in the same order. */
const digits = (whole: string): string => `LPAD(CAST(${whole} AS STRING), 16, '0')`;

/**
 * The position of an event in the order of events, as texts: Flink's aggregate functions order by their own argument
 * only.
 */
const POSITION = `${digits("`time`")}, RPAD(tab_id, 64, ' '), ${digits("seq")}`;

/** Length of {@link POSITION} in characters. */
const POSITION_LENGTH = 96;

/** Returns a function that extracts the value after a prefix of the given length. */
const afterPrefix = (length: number, kind: Kind) => (prefixed: string) => {
  const value = `SUBSTRING(${prefixed}, ${length + 1})`;
  return kind === "number" ? `CAST(${value} AS DOUBLE)` : value;
};

/** With NULLs, a sign precedes each value: a text without characters is not NULL. */
const endOf = (extreme: "MIN" | "MAX", value: string, kind: Kind, countsNull: boolean): AggregateCall => {
  const text = `CAST(${value} AS STRING)`;
  if (!countsNull)
    return { call: `${extreme}(CONCAT(${POSITION}, ${text}))`, result: afterPrefix(POSITION_LENGTH, kind) };
  const valueIn = afterPrefix(POSITION_LENGTH + 1, kind);
  return {
    call: `${extreme}(CONCAT(${POSITION}, COALESCE(CONCAT('=', ${text}), '')))`,
    result: (end) => `CASE WHEN CHAR_LENGTH(${end}) > ${POSITION_LENGTH} THEN ${valueIn(end)} END`,
  };
};

const unsupportedList = (): never => {
  throw new Error("Flink has no function that extracts the values of a list that is ordered by another expression");
};

/** Flink SQL 2, in streaming and in batch mode. */
export const flink: Dialect = {
  name: "flink",
  title: "Flink SQL",
  events: "events",
  textType: "STRING",
  quote: (name) => `\`${name.replaceAll("`", "``")}\``,
  text,
  field: (path, kind) => typedAt("event", jsonPath(path), kind),
  truncated: (free) => `COALESCE(JSON_STRING(LEFT(${fromFree(free, "string")}, ${MAX_TEXT_CHARACTERS})), ${free})`,
  // Flink has no windows of rows that end before the current row, so that the growth is that of the largest total.
  growth(total, name) {
    const largest = `\`largest ${name}\``;
    const over = `OVER (PARTITION BY ${VIEW} ORDER BY rowtime`;
    return {
      column: `MAX(${total}) ${over} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS ${largest}`,
      value: `${largest} - COALESCE(LAG(${largest}) ${over}), 0e0)`,
    };
  },
  millionths,
  nearest: (whole) => `CAST(${whole} AS DOUBLE)`,
  wholePart: (units) => `TRUNCATE(${units} / 1000000, 0)`,
  // MOD casts the whole number to INT first.
  remainder: (units) => `(${units} - TRUNCATE(${units} / 1000000, 0) * 1000000)`,
  first: (value, kind, countsNull) => endOf("MIN", value, kind, countsNull),
  last: (value, kind, countsNull) => endOf("MAX", value, kind, countsNull),
  latest: (number, seq) => ({
    call: `MAX(CONCAT(${digits(seq)}, CAST(${number} AS STRING)))`,
    result: afterPrefix(16, "number"),
  }),
  emptyList: "ARRAY[]",
  lastN: unsupportedList,
  quantile: (number, q) => ({
    call: `ARRAY_AGG(${number})`,
    // In batch mode, Flink computes the MIN of all other calls next to a COUNT(DISTINCT), and arrays have no MIN.
    standalone: true,
    result: (list) => `ARRAY_SORT(${list})[1 + CAST(FLOOR(${q} * (CARDINALITY(${list}) - 1)) AS INT)]`,
  }),
  topK: unsupportedList,
  fromFree,
  toFree: (value) => `JSON_STRING(${value})`,
};
