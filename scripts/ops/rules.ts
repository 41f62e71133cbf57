import { stringify } from "yaml";
import type { Alert } from "../../packages/collector/src/monitor/alert.ts";
import { alerts } from "../../packages/collector/src/monitor/alerts.ts";
import { toPromql } from "../../packages/collector/src/monitor/promql.ts";
import { unknownIn } from "./expressions.ts";
import { metrics } from "./metrics.ts";
import { recordings } from "./recordings.ts";
import { RULE_TESTS } from "./rule-tests.ts";

const GENERATED = "# Written by `pnpm run docs`. Change the sources instead: scripts/ops and the alerts of the collector.\n\n";

/** The address of the runbook of an alert. */
const RUNBOOKS = "https://tidemark.example/docs/runbooks.md";

/** Writes a value as YAML, without aliases and folded lines. */
export const yamlOf = (value: unknown): string =>
  GENERATED + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

const known = (expression: string): string => {
  const unknown = unknownIn(expression, metrics);
  if (unknown.length) throw new Error(`no metrics or labels: ${unknown.join(", ")}, in ${expression}`);
  return expression;
};
