import { z } from "zod";
import { consent } from "../consent.ts";
import { eventTypes } from "../events/index.ts";
import type { FieldKind, FieldKinds } from "../features/event-fields.ts";
import { view } from "../view.ts";

/** The fields that events of every type may have: see `FeatureEvent`. */
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

/**
 * The kinds of the fields of events, by type and path: under `any` those of all events, under a type its own. `pnpm run docs` writes
 * them into `features/event-field-kinds.ts`, which programs import without zod.
 */
export const deriveEventFields = (): FieldKinds => {
  const any = Object.fromEntries(pathsIn(context));
  const own = Object.entries(eventTypes).map(([type, { shape }]) => [
    type,
    Object.fromEntries(pathsIn(shape).filter(([path, kind]) => any[path] !== kind)),
  ]);
  return { any, ...Object.fromEntries(own) };
};
