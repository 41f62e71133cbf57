import { z } from "zod";
import { consent } from "../consent.ts";
import { type EventType, eventTypes } from "../events/index.ts";
import { view } from "../view.ts";

/** What a field holds; `free` is a key of a free-form object, whose values are looked at when an event comes. */
export type FieldKind = "number" | "string" | "boolean" | "free";

/** What every event can have beside the fields of its type: see `FeatureEvent`. */
const context: z.ZodRawShape = {
  seq: z.number(),
  time: z.number(),
  view_id: z.string(),
  view_time_ms: z.number(),
  tab_id: z.string(),
  session_id: z.string(),
  anonymous_id: z.string(),
  user_id: z.string(),
  consent,
  view,
};

const kindOf = (type: unknown): FieldKind | undefined => {
  if (type instanceof z.ZodOptional) return kindOf(type.unwrap());
  if (type instanceof z.ZodNumber) return "number";
  if (type instanceof z.ZodString || type instanceof z.ZodEnum) return "string";
  if (type instanceof z.ZodBoolean) return "boolean";
  if (type instanceof z.ZodLiteral) return typeof type.value as FieldKind;
  return type instanceof z.ZodRecord ? "free" : undefined;
};

/** The paths in a shape: its own fields, and one level of those in it. The path of a free-form object ends in a dot. */
const pathsIn = (shape: z.ZodRawShape, isWithin = false): [path: string, kind: FieldKind][] =>
  Object.entries(shape).flatMap(([name, type]) => {
    const object = type instanceof z.ZodOptional ? type.unwrap() : type;
    if (object instanceof z.ZodObject) {
      const inner = isWithin ? [] : pathsIn(object.shape, true);
      return inner.map(([path, kind]): [string, FieldKind] => [`${name}.${path}`, kind]);
    }
    const kind = kindOf(type);
    if (kind === undefined || (kind === "free" && isWithin)) return [];
    return [[kind === "free" ? `${name}.` : name, kind]];
  });

/** The fields of events of a type (`any`: what all share) by their paths, with what they hold, from the contract itself. */
export const fieldsOf = (source: EventType | "any"): Map<string, FieldKind> =>
  new Map(pathsIn({ ...context, ...(source === "any" ? {} : eventTypes[source].shape) }));

/** What the field at a path holds; `undefined` when there is none. */
export const kindAt = (fields: Map<string, FieldKind>, path: string): FieldKind | undefined => {
  const dot = path.indexOf(".");
  return fields.get(path) ?? (dot > 0 && dot < path.length - 1 ? fields.get(path.slice(0, dot + 1)) : undefined);
};
