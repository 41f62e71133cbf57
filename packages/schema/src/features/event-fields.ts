import { z } from "zod";
import { type EventType, eventTypes } from "../events/index.ts";
import { view } from "../view.ts";

/** What a field holds; `free` is a key of a free-form object, whose values are looked at when an event comes. */
export type FieldKind = "number" | "string" | "boolean" | "free";

interface Shape {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Shape>;
  additionalProperties?: unknown;
}

/** What every event can have beside the fields of its type: see `FeatureEvent`. */
const CONTEXT: Record<string, Shape> = {
  seq: { type: "number" },
  time: { type: "number" },
  view_id: { type: "string" },
  view_time_ms: { type: "number" },
  tab_id: { type: "string" },
  session_id: { type: "string" },
  anonymous_id: { type: "string" },
  user_id: { type: "string" },
};

const shapesOf = (schema: z.ZodType): Record<string, Shape> =>
  (z.toJSONSchema(schema, { io: "input" }) as Shape).properties ?? {};

const kinds: Record<string, FieldKind> = { number: "number", integer: "number", string: "string", boolean: "boolean" };

const kindOf = ({ type, const: only }: Shape): FieldKind | undefined => kinds[type ?? typeof only];

const inner = ([name, shape]: [string, Shape]): [string, FieldKind][] => {
  if (shape.properties) {
    return Object.entries(shape.properties).flatMap(([key, field]) => {
      const kind = kindOf(field);
      return kind ? [[`${name}.${key}`, kind] as [string, FieldKind]] : [];
    });
  }
  if (shape.type === "object") return [[`${name}.`, "free"]];
  const kind = kindOf(shape);
  return kind ? [[name, kind]] : [];
};

/** The fields of events of a type (`any`: what all share) by their paths, with what they hold, from the contract itself. */
export const fieldsOf = (source: EventType | "any"): Map<string, FieldKind> => {
  const own = source === "any" ? {} : shapesOf(eventTypes[source]);
  return new Map(Object.entries({ ...CONTEXT, ...own, view: { properties: shapesOf(view) } }).flatMap(inner));
};

/** What the field at a path holds; `undefined` when there is none. */
export const kindAt = (fields: Map<string, FieldKind>, path: string): FieldKind | undefined => {
  const dot = path.indexOf(".");
  return fields.get(path) ?? (dot > 0 && dot < path.length - 1 ? fields.get(path.slice(0, dot + 1)) : undefined);
};
