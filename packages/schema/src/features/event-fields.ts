import type { EventType } from "../events/index.ts";
import { eventFieldKinds } from "./event-field-kinds.ts";

/** Type of a field's values; `free` for a key of a free-form object, whose values have any type. */
export type FieldKind = "number" | "string" | "boolean" | "free";

/** Kinds of fields by event type and path. `any` has the shared fields; an event type has its other fields. */
export type FieldKinds = Record<EventType | "any", Record<string, FieldKind>>;

/** The names of all event types. */
export const eventTypeNames = Object.keys(eventFieldKinds).filter((name) => name !== "any") as EventType[];

/** All fields of a source by path, with their kinds. The path of a free-form object ends in a dot. */
export const fieldsOf = (source: EventType | "any"): Map<string, FieldKind> =>
  new Map(Object.entries({ ...eventFieldKinds.any, ...eventFieldKinds[source] }));

/** The kind of the field at a path; `undefined` for an unknown path. */
export const kindAt = (fields: Map<string, FieldKind>, path: string): FieldKind | undefined => {
  const dot = path.indexOf(".");
  return fields.get(path) ?? (dot > 0 && dot < path.length - 1 ? fields.get(path.slice(0, dot + 1)) : undefined);
};
