import { z } from "zod";

type Predicate = (value: unknown) => boolean;

/**
 * Compiles a zod schema into a boolean predicate. Types and checks that are not supported here fall back to zod. In a
 * Worker, which must not generate code, a predicate takes a fraction of the time of zod's parser.
 * A record's name `__proto__` counts as any other, which zod ignores.
 *
 * @param schema A schema without transformations, defaults and asynchronous checks.
 */
export const compileCheck = (schema: z.core.$ZodType): Predicate => {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const checks = (def.checks ?? []).map(({ _zod }) => checkOf(_zod.def as z.core.$ZodChecks["_zod"]["def"]));
  const type = typeOf(def);
  if (type === undefined || checks.includes(undefined)) return (value) => z.safeParse(schema, value).success;
  const all = [type, ...(checks as Predicate[])];
  const [first, second, third] = all;
  if (all.length === 1) return type;
  if (all.length === 2 && first && second) return (value) => first(value) && second(value);
  if (all.length === 3 && first && second && third) return (value) => first(value) && second(value) && third(value);
  return (value) => all.every((isValid) => isValid(value));
};

/** The predicate of a type without its checks; `undefined` for an unsupported type. */
const typeOf = (def: z.core.$ZodTypes["_zod"]["def"]): Predicate | undefined => {
  switch (def.type) {
    case "unknown":
      return () => true;
    case "string":
      return "format" in def ? undefined : (value) => typeof value === "string";
    case "number":
      if (!("format" in def)) return Number.isFinite;
      return def.format === "safeint" ? Number.isSafeInteger : undefined;
    case "boolean":
      return (value) => typeof value === "boolean";
    case "literal":
    case "enum": {
      const values = new Set<unknown>(def.type === "literal" ? def.values : Object.values(def.entries));
      const [only] = values;
      return values.size === 1 ? (value) => value === only : (value) => values.has(value);
    }
    case "optional": {
      const isValid = compileCheck(def.innerType);
      return (value) => value === undefined || isValid(value);
    }
    case "array": {
      const isValid = compileCheck(def.element);
      return (value) => Array.isArray(value) && value.every(isValid);
    }
    case "record":
      return def.keyType._zod.def.type === "string"
        ? record(compileCheck(def.keyType), compileCheck(def.valueType))
        : undefined;
    case "object":
      return def.catchall?._zod.def.type === "never" ? strictObject(def.shape) : undefined;
    default:
      return undefined;
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const record =
  (isName: Predicate, isValid: Predicate): Predicate =>
  (value) => {
    if (!isObject(value)) return false;
    for (const name in value) if (!isName(name) || !isValid(value[name])) return false;
    return true;
  };

interface Field {
  name: string;
  isValid: Predicate;
  required: boolean;
}

const strictObject = (shape: z.core.$ZodShape): Predicate => {
  const fields = new Map<string, Field>(
    Object.entries(shape).map(([name, field]) => [
      name,
      { name, isValid: compileCheck(field), required: field._zod.optin === undefined },
    ]),
  );
  const required = [...fields.values()].filter((field) => field.required).length;
  /**
   * The fields in the order of the previous object. Clients mostly repeat it, and a comparison is cheaper than a
   * look-up.
   */
  const order = [...fields.values()];
  return (value) => {
    if (!isObject(value)) return false;
    let place = 0;
    let found = 0;
    for (const name in value) {
      let field = order[place];
      if (field?.name !== name) {
        field = fields.get(name);
        if (!field) return false;
        order[place] = field;
      }
      if (!field.isValid(value[name])) return false;
      if (field.required) found += 1;
      place += 1;
    }
    return found === required;
  };
};

/** The predicate of a check, for values of the right type; `undefined` for an unsupported check. */
const checkOf = (def: z.core.$ZodChecks["_zod"]["def"]): Predicate | undefined => {
  if ((def.check as string) === "custom") return (def as unknown as z.core.$ZodCustomDef).fn as Predicate;
  const lengthOf = (value: unknown) => (value as string | unknown[]).length;
  switch (def.check) {
    case "greater_than": {
      const { value: bound, inclusive } = def;
      return inclusive
        ? (value) => (value as number) >= (bound as number)
        : (value) => (value as number) > (bound as number);
    }
    case "less_than": {
      const { value: bound, inclusive } = def;
      return inclusive
        ? (value) => (value as number) <= (bound as number)
        : (value) => (value as number) < (bound as number);
    }
    case "min_length": {
      const { minimum } = def;
      return (value) => lengthOf(value) >= minimum;
    }
    case "max_length": {
      const { maximum } = def;
      return (value) => lengthOf(value) <= maximum;
    }
    case "length_equals": {
      const { length } = def;
      return (value) => lengthOf(value) === length;
    }
    case "string_format": {
      const { format, pattern } = def;
      // With the flags g and y a pattern depends on the text before.
      return format === "regex" && pattern && /^u?$/.test(pattern.flags)
        ? (value) => pattern.test(value as string)
        : undefined;
    }
    default:
      return undefined;
  }
};
