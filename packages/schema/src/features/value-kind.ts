import { derivationOrder, isDerived } from "./derivation-order.ts";
import { type FieldKind, fieldsOf, kindAt } from "./event-fields.ts";
import type { AggregateFeature, Expression, Feature } from "./feature.ts";

/**
 * Kind of a feature's values: `free` is a text or a number, and `null` is always `null`. Every kind but `list` has `null`
 * too.
 */
export type ValueKind = FieldKind | "list" | "null";

const kindOfAggregate = ({ aggregate, source }: AggregateFeature): ValueKind => {
  switch (aggregate.type) {
    case "top_k":
    case "last_n":
      return "list";
    case "first":
    case "last":
      return kindAt(fieldsOf(source), aggregate.field) ?? "free";
    default:
      return "number";
  }
};

/** Kind of the elements of a feature whose values are lists. */
export const elementKindOf = (feature: Feature): FieldKind =>
  (!isDerived(feature) &&
    "field" in feature.aggregate &&
    kindAt(fieldsOf(feature.source), String(feature.aggregate.field))) ||
  "free";

const COMPARISONS = new Set(["eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not"]);

const kindOfExpression = (expression: Expression, kinds: ReadonlyMap<string, ValueKind>): ValueKind => {
  if (typeof expression === "number") return "number";
  if ("feature" in expression) {
    const kind = kinds.get(expression.feature) ?? "null";
    return kind === "list" ? "null" : kind;
  }
  if ("op" in expression) return COMPARISONS.has(expression.op) ? "boolean" : "number";
  const then = kindOfExpression(expression.then, kinds);
  const otherwise = kindOfExpression(expression.else, kinds);
  if (then === otherwise || otherwise === "null") return then;
  return then === "null" ? otherwise : "free";
};

/**
 * The kinds of features' values, by name.
 *
 * @throws the errors of `derivationOrder`.
 */
export const valueKindsOf = (features: readonly Feature[]): Map<string, ValueKind> => {
  const kinds = new Map<string, ValueKind>();
  for (const feature of features)
    if (!isDerived(feature)) kinds.set(feature.name, kindOfAggregate(feature as AggregateFeature));
  for (const { name, derive } of derivationOrder(features)) kinds.set(name, kindOfExpression(derive, kinds));
  return kinds;
};
