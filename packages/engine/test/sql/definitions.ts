import { type Expression, eventTypes, type Feature, parseFeatures } from "@tidemark/schema";
import { entityNameOf } from "@tidemark/schema/entities";
import { type FieldKind, fieldsOf } from "@tidemark/schema/event-fields";
import fc from "fast-check";

const KEYS = ["price", "a.b", "n/a~", "quoted\"'key", "constructor"];

/** The paths of a source with their kinds, including some keys of its free-form objects. */
const pathsOf = (source: keyof typeof eventTypes | "any") =>
  [...fieldsOf(source)].flatMap(([path, kind]): [string, FieldKind][] =>
    kind === "free" ? KEYS.map((key) => [`${path}${key}`, kind]) : [[path, kind]],
  );

const sources = fc.constantFrom(...(Object.keys(eventTypes) as (keyof typeof eventTypes)[]), "any" as const);

const ms = fc.constantFrom(1, 1_000, 7_000, 60_000, 3_600_000, 86_400_000);
const panes = fc.integer({ min: 1, max: 40 });
const window = fc.oneof(
  fc.constant({ type: "lifetime" }),
  fc.record({ type: fc.constant("tumbling"), size_ms: ms }),
  fc.record({ type: fc.constant("hopping"), every_ms: ms, panes }),
  fc.record({ type: fc.constant("cumulative"), every_ms: ms, panes }),
);

/** The entities that events of a source can count for. */
const entityOf = (source: string) =>
  fc.constantFrom(
    ...["session", "user", "page", { name: "tab", field: "tab_id" }],
    ...(fieldsOf(source as "any").has("properties.") ? [{ name: "product", field: "properties.price" }] : []),
  );

const primitive = {
  number: fc.constantFrom(0, 1, 5, -2.5, 1e6),
  string: fc.constantFrom("a", "it's", "/a", "5"),
  boolean: fc.boolean(),
};

const conditionOn = ([field, kind]: [string, FieldKind]): fc.Arbitrary<unknown> => {
  const of =
    kind === "free" ? fc.constantFrom("number" as const, "string" as const, "boolean" as const) : fc.constant(kind);
  return of.chain((type) => {
    const value: fc.Arbitrary<unknown> = primitive[type];
    const equality = fc.oneof(
      fc.record({ field: fc.constant(field), is: fc.constantFrom("eq", "ne"), value }),
      fc.record({
        field: fc.constant(field),
        is: fc.constant("in"),
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      }),
    );
    if (type !== "number") return equality;
    return fc.oneof(
      equality,
      fc.record({ field: fc.constant(field), is: fc.constantFrom("lt", "lte", "gt", "gte"), value }),
    );
  });
};

/** The entity of aggregates that only one entity has. */
const ENTITY_OF: Record<string, string> = { latest_per_view: "session", credit: "page" };

/** Generates features with any aggregate, field, window, conditions and entity. */
const aggregateFeature = sources.chain((source) => {
  const paths = pathsOf(source);
  const numeric = fc.constantFrom(
    ...paths.filter(([, kind]) => kind === "number" || kind === "free").map(([path]) => path),
  );
  const any = fc.constantFrom(...paths.filter(([, kind]) => kind !== "boolean").map(([path]) => path));
  const few = fc.integer({ min: 1, max: 20 });
  const aggregate: fc.Arbitrary<{ type: string }> = fc.oneof(
    fc.record({ type: fc.constantFrom("count", "time_since_last") }),
    fc.record({ type: fc.constantFrom("sum", "mean", "stddev", "min", "max", "span"), field: numeric }),
    fc.record({ type: fc.constantFrom("first", "last", "distinct"), field: any }),
    fc.record({ type: fc.constantFrom("first", "last"), field: any, absent: fc.constant("null") }),
    fc.record({ type: fc.constant("quantile"), field: numeric, q: fc.constantFrom(0, 0.1, 0.5, 0.9, 1) }),
    fc.record({ type: fc.constant("top_k"), field: any, k: few }),
    fc.record({ type: fc.constant("last_n"), field: any, n: few }),
    fc.record({ type: fc.constant("decayed_count"), half_life_ms: ms }),
    fc.record({ type: fc.constant("rate"), per_ms: ms }),
    fc.record(
      { type: fc.constant("credit"), share: fc.constantFrom("each", "last_touch", "linear"), field: numeric },
      { requiredKeys: ["type", "share"] },
    ),
    fc.record(
      { type: fc.constant("credit"), share: fc.constant("time_decay"), half_life_ms: ms, field: numeric },
      { requiredKeys: ["type", "share", "half_life_ms"] },
    ),
    fc.record({ type: fc.constant("latest_per_view"), field: numeric, combine: fc.constantFrom("sum", "max") }),
  );
  const where = fc.array(fc.constantFrom(...paths).chain(conditionOn), { maxLength: 2 });
  return fc
    .record({ entity: entityOf(source), aggregate, window, where })
    .map(({ entity, aggregate, window, where }) => ({
      entity: ENTITY_OF[aggregate.type] ?? entity,
      source,
      aggregate,
      where,
      window: aggregate.type === "rate" && window.type === "lifetime" ? { type: "tumbling", size_ms: 60_000 } : window,
    }));
});

const expressionOver = (names: readonly string[]): fc.Arbitrary<Expression> =>
  fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(0, 1, -2.5, 60_000),
      fc.record({ feature: fc.constantFrom(...names) }),
      fc.record({
        op: fc.constantFrom("add", "subtract", "multiply", "divide", "min", "max"),
        left: tie("tree"),
        right: tie("tree"),
      }),
      fc.record({
        op: fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte", "and", "or"),
        left: tie("tree"),
        right: tie("tree"),
      }),
      fc.record({ op: fc.constant("not" as const), of: tie("tree") }),
      fc.record({ if: tie("tree"), then: tie("tree"), else: tie("tree") }),
    ) as fc.Arbitrary<Expression>,
  })).tree;

const named = { description: "Generated.", unit: "any" };

/** Generates lists of definitions, checked by `parseFeatures`, with features derived from them and from each other. */
export const definitions: fc.Arbitrary<readonly Feature[]> = fc
  .array(aggregateFeature, { minLength: 1, maxLength: 10 })
  .chain((bodies) => {
    const features = bodies.map((body, index) => ({
      ...named,
      ...body,
      name: `feature_${index}`,
    })) as unknown as Feature[];
    const { entity } = features[0] as Feature;
    const name = entityNameOf({ entity } as never);
    const own = features.filter((feature) => entityNameOf(feature) === name).map((feature) => feature.name);
    return fc
      .tuple(expressionOver(own), expressionOver([...own, "derived_0"]))
      .map((trees) => [
        ...trees.map((derive, index) => ({ ...named, entity, name: `derived_${index}`, derive })).reverse(),
        ...features,
      ]);
  })
  .map(parseFeatures);
