import { z } from "zod";
import { type EventType, eventTypes } from "../events/index.ts";
import { derivationOrder } from "./derivation-order.ts";
import { type FieldKind, fieldsOf, kindAt } from "./event-fields.ts";
import type { Expression, Feature } from "./feature.ts";
import { MAX_PANES } from "./windows.ts";

const name = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "expected a name in snake_case of at most 64 characters");
const path = z.string().min(1);
const ms = z.int().min(1);
const panes = z.int().min(1).max(MAX_PANES);

/** Says how a window is written when it is given a size that might not divide. */
const stepwise = <const T extends string>(type: T) =>
  z.strictObject(
    { type: z.literal(type), every_ms: ms, panes },
    {
      error: ({ code }) =>
        code === "unrecognized_keys"
          ? `a ${type} window has every_ms and panes and nothing else, so that its size is always a multiple of its step: a minute by tens of seconds is { every_ms: 10000, panes: 6 }`
          : undefined,
    },
  );

const window = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("session") }),
  z.strictObject({ type: z.literal("lifetime") }),
  z.strictObject({ type: z.literal("tumbling"), size_ms: ms }),
  stepwise("hopping"),
  stepwise("cumulative"),
]);

const aggregate = z.discriminatedUnion("type", [
  z.strictObject({ type: z.enum(["count", "time_since_last"]) }),
  z.strictObject({ type: z.enum(["sum", "mean", "stddev", "min", "max", "span"]), field: path }),
  z.strictObject({ type: z.enum(["first", "last", "distinct"]), field: path }),
  z.strictObject({ type: z.literal("quantile"), field: path, q: z.number().min(0).max(1) }),
  z.strictObject({ type: z.literal("top_k"), field: path, k: z.int().min(1).max(20) }),
  z.strictObject({ type: z.literal("last_n"), field: path, n: z.int().min(1).max(20) }),
  z.strictObject({ type: z.literal("decayed_count"), half_life_ms: ms }),
  z.strictObject({ type: z.literal("rate"), per_ms: ms }),
  z.strictObject({ type: z.literal("latest_per_view"), field: path, combine: z.enum(["sum", "max"]) }),
]);

/** Aggregates of a field that hold anything but truth values; all others read numbers. */
const ofAnyField = new Set(["first", "last", "distinct", "top_k", "last_n"]);

const primitive = z.union([z.string(), z.number(), z.boolean()], { error: "expected a text, a number, true or false" });

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

/** What a definition of the right shape says that cannot be meant. */
const problemsOf = (feature: z.infer<typeof aggregateFeature>): Problem[] => {
  const problems: Problem[] = [];
  const { entity, source, where = [], aggregate, window } = feature;
  const fields = fieldsOf(source);
  const field = (at: string, path: string, holds: readonly FieldKind[]) => {
    const kind = kindAt(fields, path);
    if (kind !== undefined && (kind === "free" || holds.includes(kind))) return;
    const wanted = holds.join(" or ");
    const there = [...fields].filter(([, each]) => each === "free" || holds.includes(each));
    const list = there.map(([each, of]) => (of === "free" ? `${each}<key>` : each)).join(", ");
    const what = kind === undefined ? `${source} has no field ${path}` : `${path} of ${source} is a ${kind}`;
    problems.push([at, `${what}; expected a ${wanted}: ${list}`]);
  };

  if ("field" in aggregate) {
    field("aggregate.field", aggregate.field, ofAnyField.has(aggregate.type) ? ["number", "string"] : ["number"]);
  }
  where.forEach((each, index) => {
    const values = "values" in each ? each.values : [each.value];
    const types = new Set(values.map((value) => typeof value as FieldKind));
    if (types.size > 1) problems.push([`where.${index}.values`, "expected values of one type"]);
    else field(`where.${index}.field`, each.field, [...types]);
  });
  if (typeof entity === "object") field("entity.field", entity.field, ["string"]);
  if (entity !== "session") {
    if (window.type === "session") problems.push(["window.type", "session is a window of the entity session only"]);
    if (aggregate.type === "latest_per_view") {
      problems.push(["aggregate.type", "latest_per_view is an aggregate of the entity session only"]);
    }
  }
  if (aggregate.type === "rate" && !["tumbling", "hopping", "cumulative"].includes(window.type)) {
    problems.push(["window.type", `a rate needs the size of its window; expected tumbling, hopping or cumulative`]);
  }
  return problems;
};

/** Most levels of an expression, each operand one below its operator: what reads expressions calls itself for each. */
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

/** A value as an error shows it: as JSON, or what kind of value it is where JSON has none for it. */
const shown = (value: unknown): string => {
  if (value === undefined) return "nothing";
  try {
    return (JSON.stringify(value) ?? `a ${typeof value}`).slice(0, 80);
  } catch {
    return typeof value === "bigint" ? `${value}n` : "an object that contains itself";
  }
};

const given = (definition: unknown, path: PropertyKey[]): string => {
  let value = definition;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return shown(value);
};

const check = (definition: unknown): Problem[] => {
  if (typeof definition !== "object" || definition === null) return [["", "expected an object"]];
  const isDerived = "derive" in definition;
  if (isDerived && isTooDeep(definition.derive))
    return [["derive", `expected at most ${MAX_EXPRESSION_DEPTH} levels of operators`]];
  const parsed = (isDerived ? derivedFeature : aggregateFeature).safeParse(definition);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => [
      path.join("."),
      `${message}; given ${given(definition, path)}`,
    ]);
  }
  const { entity } = parsed.data;
  const own: Problem[] =
    typeof entity === "object" && ["session", "user", "page"].includes(entity.name)
      ? [["entity.name", `${entity.name} is an entity already; expected another name`]]
      : [];
  return "aggregate" in parsed.data ? [...own, ...problemsOf(parsed.data)] : own;
};

/**
 * Checks definitions that come from outside of TypeScript, or that its types could not see whole.
 *
 * @param definitions What should be a list of features, as from JSON.
 * @returns The same list.
 * @throws Error that names every feature in question, the field, what was given and what was expected; and what
 * `derivationOrder` throws.
 */
export const parseFeatures = (definitions: unknown): readonly Feature[] => {
  if (!Array.isArray(definitions)) throw new Error("the features are no list; expected an array of definitions");
  // A list with gaps passes them over in `flatMap`.
  const problems = Array.from(definitions).flatMap((definition: unknown, index) => {
    const title = (definition as { name?: unknown } | null | undefined)?.name;
    return check(definition).map(
      ([at, message]) =>
        `feature ${typeof title === "string" ? title : `number ${index + 1}`}: ${at && `${at}: `}${message}`,
    );
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const features = definitions as Feature[];
  derivationOrder(features);
  return features;
};
