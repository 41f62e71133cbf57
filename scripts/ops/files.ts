import { dashboardOf } from "./dashboards/dashboard.ts";
import { dashboards } from "./dashboards/index.ts";
import { alertRules, recordingRules, ruleTests } from "./rules.ts";

/** The generated files of the folder `ops`: their texts by path in the repository. */
export const opsFiles = (): Record<string, string> => ({
  ...Object.fromEntries(
    dashboards.map((source) => [
      `ops/dashboards/${source.name}.json`,
      `${JSON.stringify(dashboardOf(source), undefined, 2)}\n`,
    ]),
  ),
  "ops/prometheus/alerts.yml": alertRules(),
  "ops/prometheus/recording.yml": recordingRules(),
  "ops/prometheus/rules.test.yml": ruleTests(),
});
