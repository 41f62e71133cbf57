import { stringify } from "yaml";
import type { Alert } from "../../packages/collector/src/monitor/alert.ts";
import { alerts } from "../../packages/collector/src/monitor/alerts.ts";
import { toPromql } from "../../packages/collector/src/monitor/promql.ts";
import { unknownIn } from "./expressions.ts";
import { metrics } from "./metrics.ts";
import { recordings } from "./recordings.ts";
import { RECORDING_TESTS, RULE_TESTS, type RuleTest } from "./rule-tests.ts";

/** Address of the page of runbooks in the rules. A deployment replaces it by its own copy of the page. */
const RUNBOOKS = "https://tidemark.example/runbooks";

/** First line of the generated files. */
const NOTICE =
  "# Written by `pnpm run docs` from the collector's alerts and scripts/ops. Changes in this file get lost.\n";

/** Interval of the samples in the tests of rules, and between evaluations. */
const INTERVAL = "15s";

const yamlOf = (value: object): string =>
  `${NOTICE}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;

/** Checks an expression, and returns it. */
const known = (expression: string): string => {
  const unknown = unknownIn(expression, metrics);
  if (unknown.length) throw new Error(`no metrics or labels: ${unknown.join(", ")}, in ${expression}`);
  return expression;
};

/** The expression of an alert. */
export const expressionOf = ({ when }: Alert): string => known(toPromql(when));

const annotationsOf = ({ name, summary }: Alert, fill: (label: string) => string) => ({
  summary: summary.replace(/\{(\w+)\}/g, (_, label: string) => fill(label)),
  runbook_url: `${RUNBOOKS}#${name.toLowerCase()}`,
});

/** Times of Prometheus: a number of seconds in the largest unit that divides it. */
export const duration = (seconds: number): string => {
  if (seconds % 3_600 === 0 && seconds > 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60}m` : `${seconds}s`;
};

/** The text of the file of alert rules. */
export const alertRules = (): string =>
  yamlOf({
    groups: [
      {
        name: "tidemark",
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: expressionOf(alert),
          ...(alert.forSeconds > 0 && { for: duration(alert.forSeconds) }),
          labels: { severity: alert.severity },
          annotations: annotationsOf(alert, (label) => `{{ $labels.${label} }}`),
        })),
      },
    ],
  });

/** The text of the file of recording rules. */
export const recordingRules = (): string =>
  yamlOf({
    groups: [
      {
        name: "tidemark-drift",
        interval: "1m",
        rules: recordings.map(({ name, expression }) => ({ record: name, expr: known(expression) })),
      },
    ],
  });

const seriesOf = (series: RuleTest["series"]) =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

const alertTest = (alert: Alert, { series, fires, clears, pending }: RuleTest) => {
  const { name, severity } = alert;
  const expected = {
    exp_labels: { severity, ...fires.labels },
    exp_annotations: annotationsOf(alert, (label) => fires.labels?.[label] ?? ""),
  };
  const quiet = { alertname: name, exp_alerts: [] };
  return {
    name: clears ? `${name} fires and clears` : `${name} fires always`,
    interval: INTERVAL,
    input_series: seriesOf(series),
    alert_rule_test: [
      ...(pending ? [{ eval_time: pending, ...quiet }] : []),
      { eval_time: fires.at, alertname: name, exp_alerts: [expected] },
      ...(clears ? [{ eval_time: clears, ...quiet }] : []),
    ],
  };
};

/** The text of promtool's tests: each alert fires and clears, and each recorded series has its value. */
export const ruleTests = (): string =>
  yamlOf({
    rule_files: ["recording.yml", "alerts.yml"],
    evaluation_interval: INTERVAL,
    tests: [
      ...alerts.flatMap((alert) => {
        const test = RULE_TESTS[alert.name];
        return test ? [alertTest(alert, test)] : [];
      }),
      ...RECORDING_TESTS.map(({ name, series, values }) => ({
        ...{ name, interval: INTERVAL, input_series: seriesOf(series) },
        promql_expr_test: values.map(({ at, of, is }) => ({ expr: of, eval_time: at, exp_samples: is })),
      })),
    ],
  });
