import type { FieldKind } from "@tidemark/schema/event-fields";
import { GROWTH_FIELDS } from "../growth.ts";
import type { Dialect } from "./dialect.ts";

/** Fields that are columns of the table `events`. All other fields are read from the JSON in its column `event`. */
const COLUMNS: Record<string, FieldKind> = {
  time: "number",
  seq: "number",
  view_id: "string",
  tab_id: "string",
  session_id: "string",
  anonymous_id: "string",
  user_id: "string",
};

/** A field of an event as SQL; NULL when the event lacks the field, or holds a value of another kind in it. */
export const fieldSql = (path: string, kind: FieldKind, dialect: Dialect): string => {
  if (path in COLUMNS) return kind === "number" ? `CAST(${dialect.quote(path)} AS DOUBLE)` : dialect.quote(path);
  const dot = path.indexOf(".");
  return dialect.field(dot < 0 ? [path] : [path.slice(0, dot), path.slice(dot + 1)], kind);
};

/** The fields that a query reads, each extracted once into a named column. */
export interface FieldColumns {
  /** Returns the name of the column that holds a field, and adds the column when it is new. */
  columnOf(path: string, kind: FieldKind): string;
  /** Returns the names of the columns added so far. */
  names(): string[];
  /** Returns the columns added so far, as items of a SELECT list over the counted events. */
  selectItems(): string[];
  /** Returns the table that these items read. */
  events(): string;
}

/** Collects the field columns of one query. */
export const fieldColumns = (dialect: Dialect): FieldColumns => {
  const columns = new Map<string, string>();
  const growthColumns: string[] = [];
  const growthSql = (path: string, totalPath: string): string => {
    const total = fieldSql(totalPath, "number", dialect);
    const { column, value } = dialect.growth(total, totalPath);
    if (column) growthColumns.push(column);
    return `CASE WHEN view_id IS NULL OR ${total} IS NULL THEN ${fieldSql(path, "number", dialect)} ELSE ${value} END`;
  };
  return {
    columnOf(path, kind) {
      const name = dialect.quote(`${path} ${kind === "free" ? "json" : kind}`);
      if (columns.has(name)) return name;
      const growth = kind === "number" && GROWTH_FIELDS.find(({ field }) => field === path);
      columns.set(name, growth ? growthSql(path, growth.total) : fieldSql(path, kind, dialect));
      return name;
    },
    names: () => [...columns.keys()],
    selectItems: () => [...columns].map(([name, sql]) => `${sql} AS ${name}`),
    events: () =>
      growthColumns.length === 0
        ? dialect.events
        : `(SELECT *, ${growthColumns.join(", ")} FROM ${dialect.events}) AS events_with_growth`,
  };
};
