import { z } from "zod";
import { consent } from "../consent.ts";
import { eventTypes } from "../events/index.ts";
import type { FieldKind, FieldKinds } from "../features/event-fields.ts";
import { traffic } from "../traffic.ts";
import { view } from "../view.ts";

/** The fields that events of all types share: those of `AnyEvent`. */
const context: z.ZodRawShape = {
  seq: z.number(),
  time: z.number(),
  view_id: z.string(),
  view_time_ms: z.number(),
  external_referrer: z.string(),
  tab_id: z.string(),
  session_id: z.string(),
  anonymous_id: z.string(),
  user_id: z.string(),
  traffic,
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

/** The paths in a shape: direct fields and one level of nested fields. The path of a free-form object ends in a dot. */
const pathsIn = (shape: z.ZodRawShape, isNested = false): [path: string, kind: FieldKind][] =>
  Object.entries(shape).flatMap(([name, type]) => {
    const object = type instanceof z.ZodOptional ? type.unwrap() : type;
    if (object instanceof z.ZodObject) {
      const inner = isNested ? [] : pathsIn(object.shape, true);
      return inner.map(([path, kind]): [string, FieldKind] => [`${name}.${path}`, kind]);
    }
    const kind = kindOf(type);
    if (kind === undefined || (kind === "free" && isNested)) return [];
    return [[kind === "free" ? `${name}.` : name, kind]];
  });

/**
 * Derives the kinds of the events' fields from the contract. `pnpm run docs` writes them to
 * `features/event-field-kinds.ts`, which programs import without zod.
 */
export const deriveEventFields = (): FieldKinds => {
  const any = Object.fromEntries(pathsIn(context));
  const byType = Object.entries(eventTypes).map(([type, { shape }]) => [
    type,
    Object.fromEntries(pathsIn(shape).filter(([path, kind]) => any[path] !== kind)),
  ]);
  return { any, ...Object.fromEntries(byType) };
};
