import { alertFlags, findAlerts } from "../alerts/alert-client.ts";
import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";

/** `tidemark alerts test`. */
export const alertsTest = defineCommand({
  name: "tidemark alerts test",
  summary: "Sends a test message, and its end, to each receiver of alerts. Exits with 1 if one does not accept it.",
  flags: alertFlags,
  examples: [["tidemark alerts test", "Tests the receivers after a change of tidemark.config.ts."]],
  async run({ url, json = false }) {
    const { receivers } = await (await findAlerts(url)).test();
    if (json) for (const receiver of receivers) console.log(JSON.stringify(receiver));
    else if (receivers.length === 0)
      console.error("The deployment has no receivers: add some to tidemark.config.ts (alerts.to).");
    else
      console.log(
        formatTable(
          ["receiver", "type", "accepted", "response"],
          receivers.map(({ name, type, accepted, detail }) => [name, type, accepted ? "yes" : "no", detail]),
        ),
      );
    return receivers.every(({ accepted }) => accepted) ? 0 : 1;
  },
});
