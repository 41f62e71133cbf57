import { eventFieldKinds } from "../features/event-field-kinds.ts";
import type { FieldKind } from "../features/event-fields.ts";
import type { Feature } from "../features/feature.ts";
import { type ValueKind, valueKindsOf } from "../features/value-kind.ts";
import { FOLDER_KEYS } from "./file.ts";

/**
 * Type of a column's values. `timestamp` is UTC milliseconds in a row, and microseconds in a file. `json` is the text of
 * a JSON value.
 */
export type ColumnType = "int32" | "int64" | "timestamp" | "number" | "boolean" | "text" | "json";

/** A column of the log. */
export interface LogColumn {
  name: string;
  type: ColumnType;
  /** Whether each row has a value. */
  required: boolean;
}

/** The value of a column. Numbers are finite, integers exact, and texts well-formed. */
export type LogValue = number | string | boolean;

/** The values of a record by column; a column without a value is absent. */
export type LogRow = Record<string, LogValue>;

const column = (name: string, type: ColumnType, required = false): LogColumn => ({ name, type, required });

/** Columns of all kinds: the place of the record in the log. */
export const positionColumns: readonly LogColumn[] = [
  column("site", "text", true),
  column("partition", "int32", true),
  column("offset", "int64", true),
  column("arrival", "int64", true),
  column("received_at", "timestamp", true),
];

/** The version of the contract: a column of events. */
export const versionColumn = column("v", "int32", true);

/**
 * JSON of the parts of a record that its other columns do not hold exactly. An object has top-level fields by name, which
 * replace those of the columns. A text is the JSON of the whole content, of which the columns then have well-formed copies.
 */
export const restColumn = column("rest", "json");

/** Types of the contract's fields that are not just of their kind, and always present. */
const IDENTITY: Record<string, ColumnType> = {
  type: "text",
  time: "timestamp",
  seq: "int64",
  session_id: "text",
  anonymous_id: "text",
  tab_id: "text",
};

const typeOf = (kind: FieldKind): ColumnType => (kind === "string" ? "text" : kind === "free" ? "json" : kind);

/**
 * Name of the column of a field of the contract, such as `target_path` for `target.path`. A free-form object has one
 * column: `properties` for `properties.` and all its keys. The field `kind` is in `event_kind`.
 */
export const columnName = (path: string): string => {
  const name = path.replace(/\.$/, "").replaceAll(".", "_");
  return (FOLDER_KEYS as readonly string[]).includes(name) ? `event_${name}` : name;
};

const fields = new Map(Object.values(eventFieldKinds).flatMap((ofType) => Object.entries(ofType)));

/** The columns of the contract's fields, by path. The path of a free-form object ends in a dot. */
export const fieldColumns: ReadonlyMap<string, LogColumn> = new Map(
  [...fields].map(([path, kind]) => [path, column(columnName(path), IDENTITY[path] ?? typeOf(kind), path in IDENTITY)]),
);

/** Columns of events. */
export const eventColumns: readonly LogColumn[] = [
  ...positionColumns,
  versionColumn,
  ...fieldColumns.values(),
  restColumn,
];

/** Columns of a vector beside its features and consent, by field. */
export const vectorFieldColumns: ReadonlyMap<string, LogColumn> = new Map(
  [
    column("session_id", "text", true),
    column("anonymous_id", "text", true),
    column("user_id", "text"),
    column("entity", "text", true),
    column("id", "text", true),
    column("version", "int32", true),
    column("closed_at", "timestamp", true),
    column("event_time", "timestamp", true),
    column("definition_version", "text", true),
    column("late", "int64", true),
    column("too_late", "int64", true),
    column("delivery", "json", true),
  ].map((each) => [each.name, each]),
);

/** Columns of a vector's consent, by purpose. */
export const consentColumns: ReadonlyMap<string, LogColumn> = new Map(
  ["measurement", "personalisation"].map((purpose) => [purpose, column(`consent_${purpose}`, "text")]),
);

const typeOfValue = (kind: ValueKind): ColumnType =>
  kind === "list" ? "json" : kind === "null" ? "number" : typeOf(kind);

/** The columns of the session's features in vectors, by feature. A list is JSON, and so is a text or number. */
export const featureColumns = (features: readonly Feature[]): Map<string, LogColumn> => {
  const kinds = valueKindsOf(features);
  const ofSession = features.filter(({ entity }) => entity === "session");
  return new Map(
    ofSession.map(({ name }) => [name, column(`feature_${name}`, typeOfValue(kinds.get(name) as ValueKind))]),
  );
};

/** Columns of vectors, with those of the features. */
export const vectorColumns = (features: readonly Feature[]): LogColumn[] => [
  ...positionColumns,
  ...vectorFieldColumns.values(),
  ...consentColumns.values(),
  ...featureColumns(features).values(),
  restColumn,
];

/** Columns of a record of another kind beside its place, by field. */
export const payloadFieldColumns: ReadonlyMap<string, LogColumn> = new Map(
  [column("session_id", "text"), column("payload", "json", true)].map((each) => [each.name, each]),
);

/** Columns of records of other kinds. */
export const payloadColumns: readonly LogColumn[] = [...positionColumns, ...payloadFieldColumns.values(), restColumn];
