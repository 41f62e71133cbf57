import type { FieldKind } from "@tidemark/schema/event-fields";
import type { Dialect } from "./dialect.ts";

/** Fields that are columns of the events; all others are read from the JSON in `event`. */
const COLUMNS: Record<string, FieldKind> = {
  time: "number",
  seq: "number",
  view_id: "string",
  tab_id: "string",
  session_id: "string",
  anonymous_id: "string",
  user_id: "string",
};

/** A field of an event; NULL when the event has none, or it holds something else. */
export const fieldSql = (path: string, as: FieldKind, dialect: Dialect): string => {
  if (path in COLUMNS) return as === "number" ? `CAST(${dialect.quote(path)} AS DOUBLE)` : dialect.quote(path);
  const dot = path.indexOf(".");
  return dialect.field(dot < 0 ? [path] : [path.slice(0, dot), path.slice(dot + 1)], as);
};

/** The columns that a query reads of the events, each once, under a name of its own. */
export interface FieldColumns {
  /** Name of the column that holds a field. */
  columnOf(path: string, as: FieldKind): string;
  /** The columns read so far, as they stand in a select list. */
  selectItems(): string[];
}

/** Collects what is read in a dialect. */
export const fieldColumns = (dialect: Dialect): FieldColumns => {
  const columns = new Map<string, string>();
  return {
    columnOf(path, as) {
      const name = dialect.quote(`${path} ${as}`);
      if (!columns.has(name)) columns.set(name, fieldSql(path, as, dialect));
      return name;
    },
    selectItems: () => [...columns].map(([name, sql]) => `${sql} AS ${name}`),
  };
};
