import type { Condition, Query } from "./query.ts";

/** The names of the labels of a value, in alphabetical order; `undefined` for a constant, which has no labels. */
export const labelsOfQuery = (query: Query): readonly string[] | undefined => {
  switch (query.type) {
    case "number":
      return undefined;
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
      return labelsOfQuery(query.left) ?? labelsOfQuery(query.right);
    case "earlier":
      return labelsOfQuery(query.of);
    default:
      return [...(query.by ?? [])].sort();
  }
};

/** The names of the labels of a condition, in alphabetical order. */
export const labelsOfCondition = (condition: Condition): readonly string[] => {
  switch (condition.type) {
    case "above":
    case "below":
      return labelsOfQuery(condition.left) ?? labelsOfQuery(condition.right) ?? [];
    case "and":
    case "unless":
    case "or":
      return labelsOfCondition(condition.left);
    case "absent":
      return Object.entries(condition.where ?? {})
        .flatMap(([label, value]) => (typeof value === "string" ? [label] : []))
        .sort();
    case "down":
      return ["job"];
    default:
      return [];
  }
};

/** The label names that two conditions share, by which `and` and `unless` match them. */
export const sharedLabels = (left: Condition, right: Condition): readonly string[] => {
  const others = labelsOfCondition(right);
  return labelsOfCondition(left).filter((label) => others.includes(label));
};
