import type { Condition } from "@tidemark/schema";
import type { EventContext } from "./event-context.ts";
import { fieldReader } from "./field.ts";

/** Compiles conditions to a predicate that is true for an event that satisfies all of them. */
export const matcher = (conditions: readonly Condition[]): ((event: object, context: EventContext) => boolean) => {
  const predicates = conditions.map((condition) => {
    const read = fieldReader(condition.field);
    const holds = valuePredicate(condition);
    return (event: object, context: EventContext) => holds(read(event, context));
  });
  const [only] = predicates;
  return predicates.length === 1 && only
    ? only
    : (event, context) => predicates.every((holds) => holds(event, context));
};

const valuePredicate = (condition: Condition): ((actual: unknown) => boolean) => {
  if (condition.is === "in") {
    const values = new Set<unknown>(condition.values);
    return (actual) => values.has(actual);
  }
  const { is, value } = condition;
  switch (is) {
    case "eq":
      return (actual) => actual === value;
    case "ne":
      return (actual) => isPrimitive(actual) && actual !== value;
    case "lt":
      return (actual) => typeof actual === "number" && actual < value;
    case "lte":
      return (actual) => typeof actual === "number" && actual <= value;
    case "gt":
      return (actual) => typeof actual === "number" && actual > value;
    case "gte":
      return (actual) => typeof actual === "number" && actual >= value;
  }
};

const isPrimitive = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
