import type { LogColumn } from "./columns.ts";

/** The columns of the fields of an object. */
export interface ObjectColumns {
  fields: ReadonlyMap<string, LogColumn>;
  /** Whether a field without a value is `null`; otherwise it is absent. */
  hasNulls: boolean;
}

/** The columns of a content's top-level fields: a column, or the columns of an object's fields. */
export type Layout = ReadonlyMap<string, LogColumn | ObjectColumns>;

/** Whether the field has columns of its own for the fields in it. */
export const isObjectColumns = (place: LogColumn | ObjectColumns): place is ObjectColumns => "fields" in place;

/** Creates a layout from columns by path; `view.path` is the field `path` of the object `view`. */
export const layoutOf = (columns: ReadonlyMap<string, LogColumn>): Layout => {
  const layout = new Map<string, LogColumn | ObjectColumns>();
  const objects = new Map<string, Map<string, LogColumn>>();
  for (const [path, column] of columns) {
    const [name = "", inner] = path.split(".");
    if (!inner) {
      layout.set(name, column);
      continue;
    }
    const fields = objects.get(name) ?? new Map<string, LogColumn>();
    objects.set(name, fields.set(inner, column));
    layout.set(name, { fields, hasNulls: false });
  }
  return layout;
};
