import { type Family, families } from "../metrics/families.ts";
import { labelsOfCondition, labelsOfQuery, sharedLabels } from "./labels.ts";
import type { Condition, Query, Where } from "./query.ts";

/** The name of the scrape job in Prometheus' configuration. */
const PROMETHEUS_JOB = "tidemark";

const OPERATORS = { add: "+", subtract: "-", multiply: "*", divide: "/" } as const;
const COMPARISONS = { above: ">", below: "<" } as const;

/** A string literal. */
const quoted = (text: string): string => JSON.stringify(text);

/** A regular expression that matches each of some texts. */
const anyOf = (texts: readonly string[]): string =>
  quoted(texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"));

const matcher = (label: string, value: Where[string]): string => {
  if (typeof value === "string") return `${label}=${quoted(value)}`;
  if (!("not" in value)) return `${label}=~${anyOf(value)}`;
  const { not } = value;
  return typeof not === "string" ? `${label}!=${quoted(not)}` : `${label}!~${anyOf(not)}`;
};

/** Checks that a family has the labels that a query names. */
const checkLabels = (family: Family, labels: readonly string[]): void => {
  const known: readonly string[] = families[family].labels;
  const unknown = labels.find((label) => !known.includes(label));
  if (unknown !== undefined)
    throw new Error(`${family} has no label ${JSON.stringify(unknown)}; expected one of ${known.join(", ") || "none"}`);
};

const selector = (family: Family, where: Where = {}, suffix = ""): string => {
  checkLabels(family, Object.keys(where));
  const matchers = Object.entries(where).map(([label, value]) => matcher(label, value));
  return `${family}${suffix}${matchers.length > 0 ? `{${matchers.join(", ")}}` : ""}`;
};

const aggregated = (function_: string, by: readonly string[], of: string): string =>
  by.length > 0 ? `${function_} by (${by.join(", ")}) (${of})` : `${function_}(${of})`;

const isSame = (left: readonly string[] | undefined, right: readonly string[] | undefined): boolean =>
  left === undefined || right === undefined || left.join() === right.join();

/** @param offset Seconds by which the value is earlier. */
const queryText = (query: Query, offset: number): string => {
  const at = offset > 0 ? ` offset ${offset}s` : "";
  switch (query.type) {
    case "number":
      return String(query.value);
    case "earlier":
      return queryText(query.of, offset + query.bySeconds);
    case "add":
    case "subtract":
    case "multiply":
    case "divide": {
      if (!isSame(labelsOfQuery(query.left), labelsOfQuery(query.right)))
        throw new Error(`${query.type}: expected two values with the same labels`);
      const [left, right] = [queryText(query.left, offset), queryText(query.right, offset)];
      const divisor = query.type === "divide" && query.right.type !== "number" ? `(${right} != 0)` : right;
      return `(${left} ${OPERATORS[query.type]} ${divisor})`;
    }
    default:
  }
  const { family, where, by = [] } = query;
  checkLabels(family, by);
  switch (query.type) {
    case "latest":
      return aggregated("sum", by, `${selector(family, where)}${at}`);
    case "greatest":
      return aggregated("max", by, `${selector(family, where)}${at}`);
    case "rate":
    case "increase":
      return aggregated("sum", by, `${query.type}(${selector(family, where)}[${query.overSeconds}s]${at})`);
    case "quantile": {
      const buckets = `rate(${selector(family, where, "_bucket")}[${query.overSeconds}s]${at})`;
      return `histogram_quantile(${query.quantile}, ${aggregated("sum", [...by, "le"], buckets)})`;
    }
  }
};

const conditionText = (condition: Condition): string => {
  switch (condition.type) {
    case "above":
    case "below": {
      const [left, right] = [labelsOfQuery(condition.left), labelsOfQuery(condition.right)];
      if (left === undefined && right === undefined)
        throw new Error(`${condition.type}: expected a metric on one side at least`);
      if (!isSame(left, right)) throw new Error(`${condition.type}: expected two values with the same labels`);
      return `(${queryText(condition.left, 0)} ${COMPARISONS[condition.type]} ${queryText(condition.right, 0)})`;
    }
    case "and":
    case "unless": {
      const on = sharedLabels(condition.left, condition.right);
      const isAll =
        on.join() === labelsOfCondition(condition.left).join() &&
        on.length === labelsOfCondition(condition.right).length;
      const matching = isAll ? "" : ` on (${on.join(", ")})`;
      return `(${conditionText(condition.left)} ${condition.type}${matching} ${conditionText(condition.right)})`;
    }
    case "or":
      if (!isSame(labelsOfCondition(condition.left), labelsOfCondition(condition.right)))
        throw new Error("or: expected two conditions with the same labels");
      return `(${conditionText(condition.left)} or ${conditionText(condition.right)})`;
    case "absent":
      return `absent(${selector(condition.family, condition.where)})`;
    case "always":
      return "vector(1)";
    case "down": {
      const up = `up{job=${quoted(PROMETHEUS_JOB)}}`;
      return `(max by (job) (${up}) == 0 or absent(${up}))`;
    }
  }
};

const isCondition = (given: Query | Condition): given is Condition =>
  ["above", "below", "and", "unless", "or", "absent", "always", "down"].includes(given.type);

/**
 * Writes a query or a condition as an expression of Prometheus. Its result has the same labels and values as that of the
 * collector's own evaluation.
 *
 * @throws Error for a label that the family does not have, and for two sides whose labels differ.
 */
export const toPromql = (given: Query | Condition): string => {
  const text = isCondition(given) ? conditionText(given) : queryText(given, 0);
  // The outermost parentheses of an operation enclose it whole.
  return text.startsWith("(") && enclosesAll(text) ? text.slice(1, -1) : text;
};

/** Whether the first parenthesis of a text ends with the last one. Those in string literals do not count. */
const enclosesAll = (text: string): boolean => {
  let depth = 0;
  const bare = text.replace(/"(\\.|[^"\\])*"/g, (literal) => " ".repeat(literal.length));
  for (let at = 0; at < bare.length; at++) {
    if (bare[at] === "(") depth++;
    if (bare[at] === ")" && --depth === 0) return at === bare.length - 1;
  }
  return false;
};
