import { alerts } from "../../packages/collector/src/monitor/alerts.ts";
import { duration, expressionOf } from "../ops/rules.ts";

/** The rule of an alert as a list: its summary, severity, time and condition. */
export const alertTable = (name: string): string => {
  const alert = alerts.find((each) => each.name === name);
  if (!alert) throw new Error(`<!-- alert ${name} -->: no alert has this name`);
  const { severity, summary, forSeconds } = alert;
  const time = forSeconds > 0 ? `for ${duration(forSeconds)}` : "at once";
  return `*${summary}* Severity: ${severity}. Fires ${time} when\n\n\`\`\`promql\n${expressionOf(alert)}\n\`\`\``;
};
