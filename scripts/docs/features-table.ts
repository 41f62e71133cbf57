import { type Condition, defaultFeatures, type Expression, type Feature, type Window } from "@tidemark/schema";

const OPERATORS: Record<string, string> = {
  ...{ add: "+", subtract: "-", multiply: "×", divide: "÷" },
  ...{ eq: "=", ne: "≠", lt: "<", lte: "≤", gt: ">", gte: "≥" },
};

const formula = (expression: Expression, isWithin = false): string => {
  if (typeof expression === "number") return expression.toLocaleString("en");
  if ("feature" in expression) return `\`${expression.feature}\``;
  if ("if" in expression) {
    return `${formula(expression.then)} if ${formula(expression.if)}, else ${formula(expression.else)}`;
  }
  if (expression.op === "not") return `not ${formula(expression.of, true)}`;
  const { op, left, right } = expression;
  if (op === "min" || op === "max") return `${op}(${formula(left)}, ${formula(right)})`;
  const text = `${formula(left, true)} ${OPERATORS[op] ?? op} ${formula(right, true)}`;
  return isWithin ? `(${text})` : text;
};

const UNITS: [ms: number, name: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

const span = (ms: number): string => {
  const [size, name] = UNITS.find(([size]) => ms % size === 0) ?? [1, "ms"];
  return `${ms / size} ${name}`;
};

const windowText = (window: Window): string => {
  switch (window.type) {
    case "tumbling":
      return `tumbling ${span(window.size_ms)}`;
    case "hopping":
    case "cumulative":
      return `${window.type} ${span(window.every_ms * window.panes)} by ${span(window.every_ms)}`;
    default:
      return window.type;
  }
};

const conditionText = (condition: Condition): string =>
  "values" in condition
    ? `\`${condition.field}\` in ${condition.values.join(", ")}`
    : `\`${condition.field}\` ${OPERATORS[condition.is]} ${condition.value}`;

const rowOf = (feature: Feature): string => {
  const { name, description, unit } = feature;
  const cells = ((): string[] => {
    if ("derive" in feature) return [formula(feature.derive), ""];
    const { type, ...settings } = feature.aggregate;
    const { field, ...rest } = settings as { field?: string };
    const how = [type, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(", ");
    const where = ((feature.where ?? []) as readonly Condition[]).map(conditionText).join(" and ");
    const what = `${field ? ` of \`${field}\`` : ""} over \`${feature.source}\`${where ? ` where ${where}` : ""}`;
    return [`${how}${what}`, windowText(feature.window)];
  })();
  return `| \`${name}\` | ${description} | ${unit} | ${cells.join(" | ")} |`;
};

/** A Markdown table of the default features of an entity, from the definitions themselves. */
export const featuresTable = (entity: string): string => {
  const rows = defaultFeatures.filter((feature) => feature.entity === entity).map((feature) => rowOf(feature));
  if (rows.length === 0) throw new Error(`no feature of the catalogue is about ${entity}`);
  return ["| feature | meaning | unit | computed as | window |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
};
