import { isDerived } from "./derivation-order.ts";
import type { Condition, Expression, Feature, Window } from "./feature.ts";

const OPERATORS: Record<string, string> = {
  ...{ add: "+", subtract: "-", multiply: "×", divide: "÷" },
  ...{ eq: "=", ne: "≠", lt: "<", lte: "≤", gt: ">", gte: "≥" },
};

const formula = (expression: Expression, isNested = false): string => {
  if (typeof expression === "number") return expression.toLocaleString("en");
  if ("feature" in expression) return `\`${expression.feature}\``;
  if ("if" in expression) {
    return `${formula(expression.then)} if ${formula(expression.if)}, else ${formula(expression.else)}`;
  }
  if (expression.op === "not") return `not ${formula(expression.of, true)}`;
  const { op, left, right } = expression;
  if (op === "min" || op === "max") return `${op}(${formula(left)}, ${formula(right)})`;
  const text = `${formula(left, true)} ${OPERATORS[op] ?? op} ${formula(right, true)}`;
  return isNested ? `(${text})` : text;
};

const UNITS: [ms: number, name: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

const durationText = (ms: number): string => {
  const [size, name] = UNITS.find(([size]) => ms % size === 0) ?? [1, "ms"];
  return `${ms / size} ${name}`;
};

const windowText = (window: Window): string => {
  switch (window.type) {
    case "tumbling":
      return `tumbling ${durationText(window.size_ms)}`;
    case "hopping":
    case "cumulative":
      return `${window.type} ${durationText(window.every_ms * window.panes)} by ${durationText(window.every_ms)}`;
    default:
      return window.type;
  }
};

const conditionText = (condition: Condition): string =>
  "values" in condition
    ? `\`${condition.field}\` in ${condition.values.join(", ")}`
    : `\`${condition.field}\` ${OPERATORS[condition.is]} ${condition.value}`;

/**
 * The computation of a feature in words: the aggregate, the events and their conditions, or the formula. Names of fields and
 * features stand in backticks.
 */
export const computationOf = (feature: Feature): string => {
  if (isDerived(feature)) return formula(feature.derive);
  const { type, ...settings } = feature.aggregate;
  const { field, ...parameters } = settings as { field?: string };
  const aggregate = [type, ...Object.entries(parameters).map(([key, value]) => `${key} ${value}`)].join(", ");
  const conditions = ((feature.where ?? []) as readonly Condition[]).map(conditionText).join(" and ");
  return `${aggregate}${field ? ` of \`${field}\`` : ""} over \`${feature.source}\`${conditions ? ` where ${conditions}` : ""}`;
};

/** The window of a feature in words, such as `hopping 1 min by 10 s`; an empty text for a derived feature. */
export const windowOf = (feature: Feature): string => (isDerived(feature) ? "" : windowText(feature.window));
