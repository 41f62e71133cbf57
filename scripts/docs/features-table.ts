import {
  type AggregateFeature,
  type Condition,
  capturedBy,
  defaultFeatures,
  defineGoal,
  type Expression,
  type Feature,
  goalFeatures,
  type Window,
} from "@tidemark/schema";
import { featuresIn, isDerived } from "@tidemark/schema/derivation-order";
import { signalsOf } from "@tidemark/schema/signals";

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

const featureNamed = (name: string): Feature | undefined => defaultFeatures.find((feature) => feature.name === name);

/**
 * The signals and calls that capture the events of a feature, and the enrichments that set the fields that it reads. Of a
 * derived feature: those of the features that it reads.
 */
const sourcesOf = (feature: Feature): readonly string[] => {
  if (isDerived(feature)) return featuresIn(feature.derive).flatMap((name) => sourcesOf(featureNamed(name) as Feature));
  const captured = feature.source === "any" ? [] : capturedBy(feature.source);
  const enrichments = signalsOf(feature as AggregateFeature).filter((name) => !captured.includes(`${name}()`));
  const names = [...captured, ...enrichments].map((name) => `\`${name}\``);
  return feature.source === "any" ? ["all events", ...names] : names;
};

const computationOf = (feature: Feature): string => {
  if (isDerived(feature)) return formula(feature.derive);
  const { type, ...settings } = feature.aggregate;
  const { field, ...parameters } = settings as { field?: string };
  const aggregate = [type, ...Object.entries(parameters).map(([key, value]) => `${key} ${value}`)].join(", ");
  const conditions = ((feature.where ?? []) as readonly Condition[]).map(conditionText).join(" and ");
  return `${aggregate}${field ? ` of \`${field}\`` : ""} over \`${feature.source}\`${conditions ? ` where ${conditions}` : ""}`;
};

const rowOf = (feature: Feature): string => {
  const { name, description, unit } = feature;
  const sources = [...new Set(sourcesOf(feature))].join(", ");
  const window = isDerived(feature) ? "" : windowText(feature.window);
  return `| \`${name}\` | ${description} | ${unit} | ${sources} | ${computationOf(feature)} | ${window} |`;
};

/** The goal of the docs. */
const purchase = defineGoal({
  name: "purchase",
  source: "custom",
  where: [{ field: "name", is: "eq", value: "purchase" }],
  value: "properties.price",
});

/** A Markdown table of the features of a goal: those of all goals together are the same as long as there is one. */
const goalTable = (): string =>
  [
    "| feature | entity | meaning | computed as |",
    "| --- | --- | --- | --- |",
    ...goalFeatures([purchase]).map(
      (feature) => `| \`${feature.name}\` | ${feature.entity} | ${feature.description} | ${computationOf(feature)} |`,
    ),
  ].join("\n");

/** A Markdown table of the default features of an entity, from their definitions; or of those of a goal. */
export const featuresTable = (entity: string): string => {
  if (entity === "goal") return goalTable();
  const rows = defaultFeatures.filter((feature) => feature.entity === entity).map((feature) => rowOf(feature));
  if (rows.length === 0) throw new Error(`<!-- features ${entity} -->: expected session, user, page or goal`);
  return [
    "| feature | meaning | unit | captured by | computed as | window |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};
