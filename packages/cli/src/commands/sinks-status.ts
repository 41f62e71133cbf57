import type { SinkProgress } from "@tidemark/schema";
import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";
import { findSinks, sinkFlags } from "../sinks/sink-flags.ts";

const stateOf = ({ paused, failures, reason, lag_records }: SinkProgress): string => {
  if (paused) return "paused";
  if (failures > 0) return `failed ${failures} times: ${reason}`;
  return lag_records > 0 ? "sending" : "up to date";
};

/** `tidemark sinks status`. */
export const sinksStatus = defineCommand({
  name: "tidemark sinks status",
  summary: "Shows the progress of each sink of a site: records that wait, their age, and the latest failure.",
  flags: sinkFlags,
  examples: [["tidemark sinks status", "Shows the sinks of the collector that runs in this folder."]],
  async run({ url, site, json = false }) {
    const sinks = await (await findSinks(url, site)).status();
    const rows = sinks.flatMap(({ sink, type, partitions }) => partitions.map((each) => ({ sink, type, ...each })));
    if (json) for (const row of rows) console.log(JSON.stringify(row));
    else if (rows.length === 0) console.error("The site has no sinks: add some to tidemark.config.ts (sinks).");
    else
      console.log(
        formatTable(
          ["sink", "to", "partition", "waiting", "oldest, s", "delivered", "refused", "state"],
          rows.map((row) => [
            ...[row.sink, row.type, row.partition, row.lag_records, Math.round(row.lag_ms / 1_000)],
            ...[row.delivered, row.refused, stateOf(row)],
          ]),
        ),
      );
    return 0;
  },
});
