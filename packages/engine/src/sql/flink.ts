import type { FieldKind } from "@tidemark/schema/event-fields";
import { MAX_TEXT_CHARACTERS } from "../limits.ts";
import { millionths } from "./decimal.ts";
import type { AggregateCall, Dialect, Kind } from "./dialect.ts";

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A path within JSON. */
const jsonPath = (path: readonly string[]): string => {
  const keys = path.map((key) =>
    /^\w+$/.test(key) ? `.${key}` : `['${key.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`,
  );
  return text(`$${keys.join("")}`);
};

/** What is at a path of a JSON text, when it is of the kind asked for: within brackets its first character tells. */
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
      return `CASE WHEN ${isText} THEN JSON_STRING(LEFT(${value}, ${MAX_TEXT_CHARACTERS})) WHEN ${isNumber} THEN ${value} END`;
  }
};

/** A whole number as a text that has its order. */
const digits = (whole: string): string => `LPAD(CAST(${whole} AS STRING), 16, '0')`;

/** Where an event stands in the order of events, as texts: no aggregate of Flink's orders by anything but its value. */
const PLACE = `${digits("`time`")}, RPAD(tab_id, 64, ' '), ${digits("seq")}`;

/** Characters of {@link PLACE}. */
const PLACE_LENGTH = 96;

/** What stands behind so many characters. */
const after = (length: number, kind: Kind) => (packed: string) => {
  const value = `SUBSTRING(${packed}, ${length + 1})`;
  return kind === "number" ? `CAST(${value} AS DOUBLE)` : value;
};

const end = (extreme: "MIN" | "MAX", value: string, kind: Kind): AggregateCall => ({
  call: `${extreme}(CONCAT(${PLACE}, CAST(${value} AS STRING)))`,
  result: after(PLACE_LENGTH, kind),
});

const noList = (): never => {
  throw new Error("Flink has no function that takes the values out of a list that is ordered by something else");
};

/** Flink SQL 2, on streams and in batches. */
export const flink: Dialect = {
  name: "flink",
  textType: "STRING",
  quote: (name) => `\`${name.replaceAll("`", "``")}\``,
  text,
  field: (path, kind) => typedAt("event", jsonPath(path), kind),
  millionths,
  nearest: (whole) => `CAST(${whole} AS DOUBLE)`,
  wholePart: (units) => `TRUNCATE(${units} / 1000000, 0)`,
  // MOD would make an INT of the whole number first.
  remainder: (units) => `(${units} - TRUNCATE(${units} / 1000000, 0) * 1000000)`,
  first: (value, kind) => end("MIN", value, kind),
  last: (value, kind) => end("MAX", value, kind),
  latest: (number, seq) => ({
    call: `MAX(CONCAT(${digits(seq)}, CAST(${number} AS STRING)))`,
    result: after(16, "number"),
  }),
  lastN: noList,
  quantile: (number, q) => ({
    call: `ARRAY_AGG(${number})`,
    // In batches, Flink takes a MIN of whatever stands beside a COUNT(DISTINCT), and there is none of arrays.
    standalone: true,
    result: (list) => `ARRAY_SORT(${list})[1 + CAST(FLOOR(${q} * (CARDINALITY(${list}) - 1)) AS INT)]`,
  }),
  topK: noList,
  fromFree: (value, kind) => typedAt(`CONCAT('{"free":', ${value}, '}')`, "'$.free'", kind),
  toFree: (value) => `JSON_STRING(${value})`,
};
