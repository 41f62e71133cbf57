import type { EventType } from "../events/index.ts";
import { eventFieldKinds } from "./event-field-kinds.ts";

/** What a field holds; `free` is a key of a free-form object, whose values are looked at when an event comes. */
export type FieldKind = "number" | "string" | "boolean" | "free";

/** The kinds of fields by their paths: under `any` what all events share, and by type what else its events have. */
export type FieldKinds = Record<EventType | "any", Record<string, FieldKind>>;

/** The fields of events of a type (`any`: what all share) by their paths, with what they hold. The path of a free-form object ends in a dot. */
export const fieldsOf = (source: EventType | "any"): Map<string, FieldKind> =>
  new Map(Object.entries({ ...eventFieldKinds.any, ...eventFieldKinds[source] }));

/** What the field at a path holds; `undefined` when there is none. */
export const kindAt = (fields: Map<string, FieldKind>, path: string): FieldKind | undefined => {
  const dot = path.indexOf(".");
  return fields.get(path) ?? (dot > 0 && dot < path.length - 1 ? fields.get(path.slice(0, dot + 1)) : undefined);
};
