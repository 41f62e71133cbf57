import type { Alert, Condition, Query } from "@tidemark/collector/alert-rules";
import { isTime } from "@tidemark/collector/alert-rules";

/**
 * The factors by which a drill can shorten the times of rules: each makes whole seconds of the times of all alerts, and
 * leaves three scrapes in the shortest one.
 */
export const SCALES = [1, 2, 4, 5, 10, 20] as const;

/** Divides the times of a query: windows and offsets. */
const scaledQuery = (query: Query, scale: number): Query => {
  if ("left" in query)
    return { ...query, left: scaledQuery(query.left, scale), right: scaledQuery(query.right, scale) };
  if ("of" in query) return { ...query, of: scaledQuery(query.of, scale), bySeconds: query.bySeconds / scale };
  return "overSeconds" in query ? { ...query, overSeconds: query.overSeconds / scale } : query;
};

/** A limit of a value. That of a time is divided. */
const scaledLimit = (limit: Query, of: Query, scale: number): Query =>
  limit.type === "number" && isTime(of) ? { ...limit, value: limit.value / scale } : scaledQuery(limit, scale);

const scaledCondition = (condition: Condition, scale: number): Condition => {
  switch (condition.type) {
    case "above":
    case "below": {
      const { left, right } = condition;
      return { ...condition, left: scaledLimit(left, right, scale), right: scaledLimit(right, left, scale) };
    }
    case "and":
    case "unless":
    case "or":
      return {
        ...condition,
        left: scaledCondition(condition.left, scale),
        right: scaledCondition(condition.right, scale),
      };
    default:
      return condition;
  }
};

/** An alert whose times are shorter by a factor: the time for which it has to hold, windows, offsets, and limits of times. */
export const scaledAlert = (alert: Alert, scale: number): Alert => ({
  ...alert,
  when: scaledCondition(alert.when, scale),
  forSeconds: alert.forSeconds / scale,
});
