import { type LogColumn, type LogValue, restColumn } from "./columns.ts";
import { jsonText, wellFormedJson, wellFormedText } from "./json-text.ts";
import { isObjectColumns, type Layout, type ObjectColumns } from "./layout.ts";

/** Largest time in UTC milliseconds whose microseconds are an exact number: in the year 2255. */
const MAX_TIME = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** The fields of an event, or of a record without its place in the log. */
export type Content = Readonly<Record<string, unknown>>;

/** Receives the values of a record, each with its column. A column without a value is left out. */
export type PutValue = (column: LogColumn, value: LogValue) => void;

const isObject = (value: unknown): value is Content =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value as its column holds it, except for ill-formed text; `undefined` when the column cannot hold it exactly. */
const fitting = ({ type }: LogColumn, value: unknown): LogValue | undefined => {
  switch (type) {
    case "text":
      return typeof value === "string" ? value : undefined;
    case "number":
      return Number.isFinite(value) ? (value as number) : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "int32":
      return typeof value === "number" && (value | 0) === value ? value : undefined;
    case "int64":
      return Number.isSafeInteger(value) ? (value as number) : undefined;
    case "timestamp":
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIME
        ? (value as number)
        : undefined;
    case "json":
      return value === undefined ? undefined : jsonText(value);
  }
};

const EXPECTED = {
  text: "a text",
  number: "a number",
  boolean: "a boolean",
  int32: "an integer of 32 bits",
  int64: "a safe integer",
  timestamp: "whole UTC milliseconds from 1970 to 2255",
  json: "JSON",
} as const;

const givenText = (value: unknown): string =>
  (typeof value === "string" ? JSON.stringify(value) : String(value)).slice(0, 100);

/**
 * Puts a value into its column: a copy without halves of surrogate pairs when the value has one.
 *
 * @returns Whether the column holds the value, holds only the copy, or cannot hold it.
 */
const putValue = (put: PutValue, column: LogColumn, value: unknown): "exact" | "copy" | "unfit" => {
  const fit = fitting(column, value);
  if (fit === undefined) return "unfit";
  const { type } = column;
  if (type !== "text" && type !== "json") {
    put(column, fit);
    return "exact";
  }
  const copy = type === "text" ? wellFormedText(fit as string) : wellFormedJson(fit as string);
  put(column, copy);
  return copy === fit ? "exact" : "copy";
};

const unfit = ({ name, type }: LogColumn, value: unknown): Error =>
  new Error(`${name}: expected ${EXPECTED[type]}; given ${givenText(value)}`);

/**
 * Puts fields of the same names as their columns.
 *
 * @throws Error that names the first field that its column cannot hold exactly.
 */
export const putFields = (put: PutValue, columns: readonly LogColumn[], fields: Content): void => {
  for (const column of columns)
    if (putValue(put, column, fields[column.name]) !== "exact") throw unfit(column, fields[column.name]);
};

/**
 * Checks that a content has the fields of required columns.
 *
 * @throws Error that names the first field that its column cannot hold.
 */
export const checkRequired = (columns: readonly LogColumn[], content: Content): void => {
  for (const column of columns)
    if (fitting(column, content[column.name]) === undefined) throw unfit(column, content[column.name]);
};

/**
 * Puts a content's fields into their columns, and everything that no column holds exactly into `rest`. An absent field,
 * or one that is `undefined`, has no value.
 *
 * @throws Error when a part of the content is not JSON, such as NaN in a number.
 */
export const putContent = (put: PutValue, layout: Layout, content: Content): void => {
  let hasCopies = false;
  const isHeld = (column: LogColumn, value: unknown): boolean => {
    const held = putValue(put, column, value);
    if (held === "copy") hasCopies = true;
    return held !== "unfit";
  };
  const rest: [name: string, value: unknown][] = [];
  for (const name of Object.keys(content)) {
    const value = content[name];
    if (value === undefined) continue;
    const place = layout.get(name);
    if (place === undefined || !(isObjectColumns(place) ? isObjectHeld(place, value, isHeld) : isHeld(place, value)))
      rest.push([name, value]);
  }
  const restText = rest.length > 0 ? jsonText(Object.fromEntries(rest)) : undefined;
  if (hasCopies || (restText !== undefined && wellFormedJson(restText) !== restText))
    put(restColumn, JSON.stringify(jsonText(content)));
  else if (restText !== undefined) put(restColumn, restText);
};

/** Puts an object's fields into their columns, and returns whether the columns hold the object exactly. */
const isObjectHeld = (
  { fields, hasNulls }: ObjectColumns,
  value: unknown,
  isHeld: (column: LogColumn, value: unknown) => boolean,
): boolean => {
  if (!isObject(value)) return false;
  let held = 0;
  let others = 0;
  for (const name of Object.keys(value)) {
    const inner = value[name];
    if (inner === undefined) continue;
    const column = fields.get(name);
    if (column !== undefined && (inner === null ? hasNulls : isHeld(column, inner))) held += 1;
    else others += 1;
  }
  return others === 0 && (hasNulls ? held === fields.size : held > 0);
};

/** A row as read from a file: a column without a value is absent or `null`. */
export type StoredRow = Readonly<Record<string, LogValue | null | undefined>>;

/** Reads the content that `putContent` put into a row. It has the same fields, in another order. */
export const contentIn = (row: StoredRow, layout: Layout): Content => {
  const restText = row[restColumn.name];
  const rest: unknown = typeof restText === "string" ? JSON.parse(restText) : {};
  if (typeof rest === "string") return JSON.parse(rest);
  const valueIn = ({ name, type }: LogColumn): unknown => {
    const value = row[name] ?? undefined;
    return type === "json" && typeof value === "string" ? JSON.parse(value) : value;
  };
  const content: Record<string, unknown> = {};
  for (const [name, place] of layout) {
    const value = isObjectColumns(place) ? objectIn(place, valueIn) : valueIn(place);
    if (value !== undefined) content[name] = value;
  }
  return { ...content, ...(rest as Content) };
};

const objectIn = (
  { fields, hasNulls }: ObjectColumns,
  valueIn: (column: LogColumn) => unknown,
): Content | undefined => {
  const entries = [...fields].map(([name, column]): [string, unknown] => [
    name,
    valueIn(column) ?? (hasNulls ? null : undefined),
  ]);
  const present = entries.filter(([, value]) => value !== undefined);
  return hasNulls || present.length > 0 ? Object.fromEntries(present) : undefined;
};
