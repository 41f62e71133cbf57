import { alertFlags, findAlerts, labelsText, timeText } from "../alerts/alert-client.ts";
import { defineCommand } from "../command-line/command.ts";
import { CommandError, UsageError } from "../command-line/command-error.ts";

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The end of a period such as `30m`, `2h` or `7d`, in UTC milliseconds. */
const endOf = (period: string): number => {
  const [, count, unit = ""] = /^(\d{1,4})([mhd])$/.exec(period) ?? [];
  const ms = UNITS[unit];
  if (ms === undefined) throw new UsageError(`--for: expected a period such as 30m, 2h or 7d; given ${period}.`);
  return Date.now() + Number(count) * ms;
};

/** Reads labels such as `site=shop,sink=orders`. */
const labelsIn = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text === undefined ? [] : text.split(",")).map((pair) => {
      const [label, ...value] = pair.split("=");
      if (!label || value.length === 0)
        throw new UsageError(`--labels: expected labels such as site=shop,sink=orders; given ${text}.`);
      return [label, value.join("=")];
    }),
  );

/** `tidemark alerts silence`. */
export const alertsSilence = defineCommand({
  name: "tidemark alerts silence",
  summary: "Stops the messages of an alert for some time, or of all alerts with some labels. Their states go on.",
  positionals: { placeholder: "[alert]", description: "Name of the alert, such as TidemarkSinkDown. Default: all." },
  flags: {
    labels: { value: "<label=value,…>", description: "Labels that the alert must have." },
    for: { value: "<period>", description: "How long, such as 30m, 2h or 7d." },
    comment: { value: "<text>", description: "The reason, for other operators." },
    remove: { value: "<id>", description: "Removes the silence with this id instead." },
    ...alertFlags,
  },
  examples: [
    [
      'tidemark alerts silence TidemarkSinkDown --labels sink=orders --for 2h --comment "Maintenance of the target."',
      "Sends no message about the sink orders for two hours.",
    ],
    ["tidemark alerts silence --remove 6fd2…", "Ends a silence that tidemark alerts list shows."],
  ],
  async run({ url, json = false, labels, for: period, comment, remove }, [alert, ...others]) {
    if (others.length > 0)
      throw new UsageError(`tidemark alerts silence expects at most one alert; given ${[alert, ...others].join(" ")}.`);
    if (remove !== undefined) {
      if (!(await (await findAlerts(url)).unsilence(remove))) throw new CommandError(`There is no silence ${remove}.`);
      console.log(json ? JSON.stringify({ id: remove, removed: true }) : `Removed the silence ${remove}.`);
      return 0;
    }
    if (period === undefined || comment === undefined)
      throw new UsageError("tidemark alerts silence expects --for and --comment.");
    const chosen = labelsIn(labels);
    if (alert === undefined && labels === undefined)
      throw new UsageError("tidemark alerts silence expects the name of an alert, or --labels.");
    const silence = await (await findAlerts(url)).silence({
      ...(alert !== undefined && { alert }),
      ...{ labels: chosen, until: new Date(endOf(period)).toISOString(), comment },
    });
    const subject = [silence.alert ?? "All alerts", labelsText(silence.labels)].filter(Boolean).join(" with ");
    console.log(
      json
        ? JSON.stringify(silence)
        : `${subject}: silent until ${timeText(silence.until)} UTC (silence ${silence.id}).`,
    );
    return 0;
  },
});
