import { z } from "zod";
import { type EventType, eventTypes } from "../events/index.ts";
import { derivationOrder } from "./derivation-order.ts";
import { type FieldKind, fieldsOf, kindAt } from "./event-fields.ts";
import type { Expression, Feature } from "./feature.ts";
import { MAX_FEATURE_STATE, maxStateSize } from "./state-size.ts";
import { MAX_PANES } from "./windows.ts";

const name = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "expected a name in snake_case of at most 64 characters");
const path = z.string().min(1);
const ms = z.int().min(1);
const panes = z.int().min(1).max(MAX_PANES);

/**
 * A window of panes. Its error explains the form to an author who gives a size instead, which might not be a multiple
 * of the step.
 */
const paneWindow = <const T extends string>(type: T) =>
  z.strictObject(
    { type: z.literal(type), every_ms: ms, panes },
    {
      error: ({ code }) =>
        code === "unrecognized_keys"
          ? `expected only every_ms and panes in a ${type} window, such as { every_ms: 10000, panes: 6 } for a minute in steps of ten seconds`
          : undefined,
    },
  );

const window = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("session") }),
  z.strictObject({ type: z.literal("lifetime") }),
  z.strictObject({ type: z.literal("tumbling"), size_ms: ms }),
  paneWindow("hopping"),
  paneWindow("cumulative"),
]);

const credit = z.discriminatedUnion("share", [
  z.strictObject({
    type: z.literal("credit"),
    share: z.enum(["each", "last_touch", "linear"]),
    field: path.optional(),
  }),
  z.strictObject({
    type: z.literal("credit"),
    share: z.literal("time_decay"),
    half_life_ms: ms,
    field: path.optional(),
  }),
]);

const aggregate = z.discriminatedUnion("type", [
  credit,
  z.strictObject({ type: z.enum(["count", "time_since_last"]) }),
  z.strictObject({ type: z.enum(["sum", "mean", "stddev", "min", "max", "span"]), field: path }),
  z.strictObject({ type: z.enum(["first", "last"]), field: path, absent: z.literal("null").optional() }),
  z.strictObject({ type: z.literal("distinct"), field: path }),
  z.strictObject({ type: z.literal("quantile"), field: path, q: z.number().min(0).max(1) }),
  z.strictObject({ type: z.literal("top_k"), field: path, k: z.int().min(1).max(20) }),
  z.strictObject({ type: z.literal("last_n"), field: path, n: z.int().min(1).max(20) }),
  z.strictObject({ type: z.literal("decayed_count"), half_life_ms: ms }),
  z.strictObject({ type: z.literal("rate"), per_ms: ms }),
  z.strictObject({ type: z.literal("latest_per_view"), field: path, combine: z.enum(["sum", "max"]) }),
]);

/** Aggregates that read a field of texts or numbers; the others read numbers only. */
const textOrNumberAggregates = new Set(["first", "last", "distinct", "top_k", "last_n"]);

const primitive = z.union([z.string(), z.number(), z.boolean()], { error: "expected a text, a number or a boolean" });

const condition = z.discriminatedUnion("is", [
  z.strictObject({ field: path, is: z.enum(["eq", "ne"]), value: primitive }),
  z.strictObject({ field: path, is: z.enum(["lt", "lte", "gt", "gte"]), value: z.number() }),
  z.strictObject({ field: path, is: z.literal("in"), values: z.array(primitive).min(1) }),
]);

const operators = [
  ...(["add", "subtract", "multiply", "divide", "min", "max"] as const),
  ...(["eq", "ne", "lt", "lte", "gt", "gte", "and", "or"] as const),
] as const;

const expression: z.ZodType<Expression> = z.lazy(() =>
  z.union(
    [
      z.number(),
      z.strictObject({ feature: z.string() }),
      z.strictObject({ op: z.literal("not"), of: expression }),
      z.strictObject({ if: expression, then: expression, else: expression }),
      z.strictObject({
        op: z.enum(operators),
        left: expression,
        right: expression,
      }),
    ],
    { error: 'expected a number, { feature }, { op, left, right }, { op: "not", of } or { if, then, else }' },
  ),
);

const named = {
  name,
  description: z.string().min(1),
  unit: z.string().min(1),
  version: z.int().min(1).optional(),
  entity: z.union([z.enum(["session", "user", "page"]), z.strictObject({ name, field: path })], {
    error: 'expected "session", "user", "page" or { name, field }',
  }),
};

const sources = [...(Object.keys(eventTypes) as EventType[]), "any"] as const;

const aggregateFeature = z.strictObject({
  ...named,
  source: z.enum(sources),
  where: z.array(condition).optional(),
  aggregate,
  window,
});

const derivedFeature = z.strictObject({ ...named, derive: expression });

type Problem = [path: string, message: string];

/** Problems of a definition with the right shape: fields, types and windows that do not match. */
const problemsOf = (feature: z.infer<typeof aggregateFeature>): Problem[] => {
  const problems: Problem[] = [];
  const { entity, source, where = [], aggregate, window } = feature;
  const fields = fieldsOf(source);
  const checkField = (at: string, path: string, expected: readonly FieldKind[]) => {
    const kind = kindAt(fields, path);
    if (kind !== undefined && (kind === "free" || expected.includes(kind))) return;
    const candidates = [...fields].filter(([, each]) => each === "free" || expected.includes(each));
    const list = candidates.map(([name, each]) => (each === "free" ? `${name}<key>` : name)).join(", ");
    const problem = kind === undefined ? `${source} has no field ${path}` : `${path} of ${source} is a ${kind}`;
    problems.push([at, `${problem}; expected a ${expected.join(" or ")}: ${list}`]);
  };

  if ("field" in aggregate && aggregate.field !== undefined) {
    checkField(
      "aggregate.field",
      aggregate.field,
      textOrNumberAggregates.has(aggregate.type) ? ["number", "string"] : ["number"],
    );
  }
  where.forEach((each, index) => {
    const values = "values" in each ? each.values : [each.value];
    const types = new Set(values.map((value) => typeof value as FieldKind));
    if (types.size > 1)
      problems.push([`where.${index}.values`, `expected values of one type; given ${display(values)}`]);
    else checkField(`where.${index}.field`, each.field, [...types]);
  });
  if (typeof entity === "object") checkField("entity.field", entity.field, ["string"]);
  if (entity !== "session") {
    if (window.type === "session") {
      problems.push([
        "window.type",
        "session is a window of the entity session only; expected lifetime, tumbling, hopping or cumulative",
      ]);
    }
    if (aggregate.type === "latest_per_view") {
      problems.push([
        "aggregate.type",
        "latest_per_view is an aggregate of the entity session only; expected another aggregate",
      ]);
    }
  }
  if (aggregate.type === "credit" && entity !== "page") {
    problems.push(["aggregate.type", "credit is an aggregate of the entity page only; expected another aggregate"]);
  }
  const size = maxStateSize(aggregate, window);
  if (size > MAX_FEATURE_STATE) {
    const most = Math.floor(MAX_FEATURE_STATE / maxStateSize(aggregate, { type: "lifetime" }));
    problems.push([
      "window.panes",
      `${aggregate.type} in so many panes takes up to ${size} characters for each entity, of at most ${MAX_FEATURE_STATE}; expected at most ${most}, with longer steps`,
    ]);
  }
  if (aggregate.type === "rate" && !["tumbling", "hopping", "cumulative"].includes(window.type)) {
    problems.push([
      "window.type",
      `rate needs a window of fixed size; expected tumbling, hopping or cumulative; given ${window.type}`,
    ]);
  }
  return problems;
};

/** Largest depth of an expression. The functions that read expressions are recursive. */
const MAX_EXPRESSION_DEPTH = 500;

/** Whether an expression has more levels than {@link MAX_EXPRESSION_DEPTH}, or contains itself. */
const isTooDeep = (derive: unknown): boolean => {
  let level = new Set([derive]);
  for (let depth = 0; depth <= MAX_EXPRESSION_DEPTH; depth++) {
    if (level.size === 0) return false;
    level = new Set(
      [...level].flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : [])),
    );
  }
  return true;
};

/** A value as an error displays it: JSON, or the type of a value that JSON does not support. */
const display = (value: unknown): string => {
  if (value === undefined) return "nothing";
  try {
    return (JSON.stringify(value) ?? `a ${typeof value}`).slice(0, 80);
  } catch {
    return typeof value === "bigint" ? `${value}n` : "an object that contains itself";
  }
};

const displayAt = (definition: unknown, path: PropertyKey[]): string => {
  let value = definition;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return display(value);
};

const check = (definition: unknown): Problem[] => {
  if (typeof definition !== "object" || definition === null) {
    return [["", `expected an object; given ${display(definition)}`]];
  }
  const isDerived = "derive" in definition;
  if (isDerived && isTooDeep(definition.derive))
    return [["derive", `expected at most ${MAX_EXPRESSION_DEPTH} levels of operators`]];
  const parsed = (isDerived ? derivedFeature : aggregateFeature).safeParse(definition);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => [
      path.join("."),
      `${message}; given ${displayAt(definition, path)}`,
    ]);
  }
  const { entity } = parsed.data;
  const nameProblems: Problem[] =
    typeof entity === "object" && ["session", "user", "page"].includes(entity.name)
      ? [["entity.name", `${entity.name} is a built-in entity; expected another name`]]
      : [];
  return "aggregate" in parsed.data ? [...nameProblems, ...problemsOf(parsed.data)] : nameProblems;
};

/**
 * Validates definitions that TypeScript has not checked, such as definitions from JSON.
 *
 * @param definitions A list of feature definitions.
 * @returns The list itself.
 * @throws Error with a line for each problem: the feature, the field, the given value and the expected value. Error of
 * `derivationOrder` when the definitions do not fit together.
 */
export const parseFeatures = (definitions: unknown): readonly Feature[] => {
  if (!Array.isArray(definitions))
    throw new Error(`features: expected an array of definitions; given ${display(definitions)}`);
  // `flatMap` skips the gaps of a sparse array.
  const problems = Array.from(definitions).flatMap((definition: unknown, index) => {
    const givenName = (definition as { name?: unknown } | null | undefined)?.name;
    return check(definition).map(
      ([at, message]) =>
        `feature ${typeof givenName === "string" ? givenName : `number ${index + 1}`}: ${at && `${at}: `}${message}`,
    );
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const features = definitions as Feature[];
  derivationOrder(features);
  return features;
};
