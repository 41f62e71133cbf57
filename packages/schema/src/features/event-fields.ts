import type { EventType } from "../events/index.ts";
import { eventFieldKinds } from "./event-field-kinds.ts";

/** The kind of a field's values; `free` for a key of a free-form object, whose values may be of any kind. */
export type FieldKind = "number" | "string" | "boolean" | "free";

/** The kinds of fields, by type and path: under `any` those of all events, under a type its own. */
export type FieldKinds = Record<EventType | "any", Record<string, FieldKind>>;

/** The kinds of the fields of a type's events (`any`: of all events) by path. The path of a free-form object ends in a dot. */
export const fieldsOf = (source: EventType | "any"): Map<string, FieldKind> =>
  new Map(Object.entries({ ...eventFieldKinds.any, ...eventFieldKinds[source] }));

/** The kind of the field at a path; `undefined` when there is none. */
export const kindAt = (fields: Map<string, FieldKind>, path: string): FieldKind | undefined => {
  const dot = path.indexOf(".");
  return fields.get(path) ?? (dot > 0 && dot < path.length - 1 ? fields.get(path.slice(0, dot + 1)) : undefined);
};
