import type { AlertsResponse } from "@tidemark/schema";
import { alertFlags, findAlerts, labelsText, timeText } from "../alerts/alert-client.ts";
import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";

/** The alerts and the silences for people. */
const textOf = ({ evaluated_at, problem, omitted_series, alerts, silences, receivers }: AlertsResponse): string => {
  const rows = alerts.flatMap(({ name, severity, by, instances }) =>
    instances.length > 0
      ? instances.map((each) => [
          ...[name, severity, each.silenced ? `${each.state}, silenced` : each.state, timeText(each.since)],
          ...[each.value ?? "", labelsText(each.labels)],
        ])
      : [[name, severity, by === "prometheus" ? "by Prometheus" : "inactive", "", "", ""]],
  );
  const parts = [formatTable(["alert", "severity", "state", "since, UTC", "value", "labels"], rows)];
  if (receivers.length > 0)
    parts.push(
      formatTable(
        ["receiver", "type", "failures", "latest response"],
        receivers.map(({ name, type, failures, detail }) => [name, type, failures, detail ?? "not called yet"]),
      ),
    );
  if (silences.length > 0)
    parts.push(
      formatTable(
        ["silence", "alert", "labels", "until, UTC", "comment"],
        silences.map(({ id, alert, labels, until, comment }) => [
          ...[id, alert ?? "all", labelsText(labels), timeText(until), comment],
        ]),
      ),
    );
  parts.push(evaluated_at === null ? "Not evaluated yet." : `Evaluated at ${timeText(evaluated_at)} UTC.`);
  if (problem !== null) parts.push(`The latest round failed: ${problem}`);
  if (omitted_series > 0) parts.push(`The alerts leave out ${omitted_series} series, because there are too many.`);
  return parts.join("\n\n");
};

/** `tidemark alerts list`. */
export const alertsList = defineCommand({
  name: "tidemark alerts list",
  summary: "Lists the alerts that the collector evaluates, with their states, silences and receivers.",
  flags: alertFlags,
  examples: [["tidemark alerts list", "Lists the alerts of the collector that runs in this folder."]],
  async run({ url, json = false }) {
    const response = await (await findAlerts(url)).list();
    if (json) for (const alert of response.alerts) console.log(JSON.stringify(alert));
    else console.log(textOf(response));
    return 0;
  },
});
