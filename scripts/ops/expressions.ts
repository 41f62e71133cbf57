import { parser } from "@prometheus-io/lezer-promql";

/** A node of a parsed expression. */
type Node = ReturnType<typeof parser.parse>["topNode"];

/** A choice of series in an expression. */
interface Selector {
  name: string;
  /** Names of the labels that its matchers compare. */
  labels: string[];
  /** Position of its name in the expression. */
  from: number;
  /** Position after its name. */
  to: number;
}

/** The labels that Prometheus adds to each series that it scrapes. */
const OF_PROMETHEUS = ["instance", "job"];

const parse = (expression: string): Node => {
  const { topNode } = parser.parse(expression);
  topNode.cursor().iterate(({ type, from }) => {
    if (type.isError) throw new Error(`no PromQL at character ${from + 1}: ${expression}`);
  });
  return topNode;
};

const nodesIn = (tree: Node, name: string): Node[] => {
  const found: Node[] = [];
  tree.cursor().iterate((reference) => {
    if (reference.name === name) found.push(reference.node);
  });
  return found;
};

const selectorsIn = (tree: Node, expression: string): Selector[] => {
  const text = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  return nodesIn(tree, "VectorSelector").map((selector) => {
    const name = selector.getChild("Identifier");
    if (!name) throw new Error(`a selector without the name of a metric: ${expression}`);
    return { name: text(name), labels: nodesIn(selector, "LabelName").map(text), from: name.from, to: name.to };
  });
};

/** The names of the metrics that an expression reads. @throws Error if the text is not PromQL. */
export const metricsIn = (expression: string): string[] => [
  ...new Set(selectorsIn(parse(expression), expression).map(({ name }) => name)),
];

/**
 * Lists the metrics and labels of an expression that do not exist.
 *
 * @param metrics The labels of each metric, by its name.
 * @throws Error if the text is not PromQL.
 */
export const unknownIn = (expression: string, metrics: ReadonlyMap<string, readonly string[]>): string[] => {
  const tree = parse(expression);
  const labelsOf = (name: string) => [...(metrics.get(name) ?? []), ...OF_PROMETHEUS];
  const all = selectorsIn(tree, expression);
  const names = all.filter(({ name }) => !metrics.has(name)).map(({ name }) => name);
  const matched = all.flatMap(({ name, labels }) =>
    labels.filter((label) => !labelsOf(name).includes(label)).map((label) => `${name}{${label}}`),
  );
  const grouped = nodesIn(tree, "GroupingLabels").flatMap((list) => {
    // The labels of `by` are those of the series below. Those of `on` are of either side.
    const whole = list.parent?.parent ?? tree;
    const below = selectorsIn(whole, expression);
    return list
      .getChildren("LabelName")
      .map(({ from, to }) => expression.slice(from, to))
      .filter((label) => !below.some(({ name }) => labelsOf(name).includes(label)))
      .map((label) => `(${label})`);
  });
  return [...names, ...matched, ...grouped];
};

/**
 * Restricts the series of an expression to those of the sites that a reader of the dashboard has chosen. Series without a
 * site stay.
 *
 * @param metrics The labels of each metric, by its name.
 */
export const ofChosenSites = (expression: string, metrics: ReadonlyMap<string, readonly string[]>): string => {
  let result = expression;
  for (const { name, labels, to } of selectorsIn(parse(expression), expression).toReversed()) {
    if (!metrics.get(name)?.includes("site") || labels.includes("site")) continue;
    const rest = result.slice(to);
    const matcher = 'site=~"$site"';
    const hasBraces = rest.startsWith("{");
    result = `${result.slice(0, to)}{${matcher}${hasBraces ? `${/^\{\s*\}/.test(rest) ? "" : ","}${rest.slice(1)}` : `}${rest}`}`;
  }
  return result;
};
