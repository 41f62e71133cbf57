import type { z } from "zod";
import { batch, eventTypes, view } from "../src/index.ts";

/** Kind of a rule: what it limits, or `refine` for a rule that only a function states. */
type RuleKind =
  | "required"
  | "no_other_fields"
  | "type"
  | "enum"
  | "min"
  | "max"
  | "min_length"
  | "max_length"
  | "length"
  | "min_items"
  | "max_items"
  | "items"
  | "pattern"
  | "refine";

/** One rule that the contract states about a field. */
export interface ContractRule {
  /** Type of the event, or `view` or `batch`. */
  source: string;
  /**
   * Dotted path of the field; empty for the object itself. `[]` is an item of a list, and `<name>` the name and `*` the
   * value of any property.
   */
  path: string;
  kind: RuleKind;
  /** The type, bound, allowed values, source of the pattern or, of a `refine`, message; absent without one. */
  limit?: string | number | undefined;
}

/** A rule without its source. */
type Rule = Omit<ContractRule, "source">;

type Definition = z.core.$ZodTypes["_zod"]["def"];

const definitionOf = (schema: z.core.$ZodType): Definition => (schema as z.core.$ZodTypes)._zod.def;

const ruleOfCheck = (path: string, isList: boolean, def: z.core.$ZodChecks["_zod"]["def"]): Rule => {
  switch (def.check) {
    case "greater_than":
      return { path, kind: "min", limit: Number(def.value) };
    case "less_than":
      return { path, kind: "max", limit: Number(def.value) };
    case "min_length":
      return { path, kind: isList ? "min_items" : "min_length", limit: def.minimum };
    case "max_length":
      return { path, kind: isList ? "max_items" : "max_length", limit: def.maximum };
    case "length_equals":
      return { path, kind: isList ? "items" : "length", limit: def.length };
    case "string_format":
      return { path, kind: "pattern", limit: def.pattern?.source };
    default: {
      const { check, error } = def as z.core.$ZodCheckDef;
      if (check !== "custom") throw new Error(`${path}: the check ${check} has no kind of rule`);
      return { path, kind: "refine", limit: (error as (() => string) | undefined)?.() };
    }
  }
};

const rulesOfType = (path: string, def: Definition): Rule[] => {
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  const ofType = (limit: string): Rule => ({ path, kind: "type", limit });
  switch (def.type) {
    case "optional":
      return rulesOf(path, def.innerType);
    case "object":
      return [
        ofType("object"),
        ...(def.catchall === undefined ? [] : [{ path, kind: "no_other_fields" } as const]),
        ...Object.entries(def.shape).flatMap(([name, field]): Rule[] => [
          ...(field._zod.optin === undefined ? [{ path: below(name), kind: "required" } as const] : []),
          ...rulesOf(below(name), field),
        ]),
      ];
    case "record":
      return [ofType("object"), ...rulesOf(below("<name>"), def.keyType), ...rulesOf(below("*"), def.valueType)];
    case "array":
      return [ofType("list"), ...rulesOf(`${path}[]`, def.element)];
    case "tuple":
      return [ofType("list"), ...def.items.flatMap((item, index) => rulesOf(`${path}[${index}]`, item))];
    case "literal":
      return [{ path, kind: "enum", limit: JSON.stringify(def.values) }];
    case "enum":
      return [{ path, kind: "enum", limit: JSON.stringify(Object.values(def.entries)) }];
    case "number":
      return [ofType("format" in def && def.format === "safeint" ? "integer" : "number")];
    case "unknown":
      return [];
    case "string":
    case "boolean":
      return [ofType(def.type)];
    default:
      throw new Error(`${path}: the type ${def.type} has no kind of rule`);
  }
};

const rulesOf = (path: string, schema: z.core.$ZodType): Rule[] => {
  const def = definitionOf(schema);
  const checks = (def.checks ?? []).map(({ _zod }) => _zod.def as z.core.$ZodChecks["_zod"]["def"]);
  return [...rulesOfType(path, def), ...checks.map((check) => ruleOfCheck(path, def.type === "array", check))];
};

/**
 * Derives every rule of the contract for what a client sends: the event types, the views and the batch. A rule that
 * stands in several event types appears once for each.
 *
 * @throws Error for a type or check of zod that the contract did not use so far.
 */
export const contractRules = (): ContractRule[] =>
  Object.entries({ ...eventTypes, view, batch } satisfies Record<string, z.ZodType>).flatMap(([source, schema]) =>
    rulesOf("", schema).map((rule) => ({ source, ...rule })),
  );
