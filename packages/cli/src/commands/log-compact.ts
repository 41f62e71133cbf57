import { defineCommand } from "../command-line/command.ts";
import { withProgress } from "../command-line/progress.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { type CompactedDay, compactDay, daysToCompact } from "../log/compact-days.ts";
import { openDatabase } from "../log/database.ts";
import { cacheFiles } from "../log/file-cache.ts";
import { logClient } from "../log/log-client.ts";
import { logFlags, siteFor } from "../log/log-flags.ts";
import { cacheFolder } from "../log/open-log.ts";
import { parseDate } from "../log/time-range.ts";

/** Limit of DuckDB's memory; more goes to temporary files. */
const MEMORY_LIMIT = "2GB";

/** `tidemark log compact`. */
export const logCompact = defineCommand({
  name: "tidemark log compact",
  summary:
    "Merges the files of each past day of a site's log into one file for each kind of record, and replaces them.",
  flags: {
    ...logFlags,
    date: {
      value: "<date>",
      description: "Merges only the files of this day, in UTC. Default: all days before today.",
    },
    json: { description: "Prints each merged day as a JSON object on a line of its own." },
  },
  examples: [
    ["tidemark log compact", "Merges all days before today, such as every night."],
    ["tidemark log compact --date 2026-11-28", "Merges one day, for example after late records of it."],
  ],
  async run({ url, site: siteId, date, json = false }) {
    const day = date === undefined ? {} : parseDate(date);
    const deployment = await openDeployment();
    const { id } = siteFor(deployment, siteId);
    const address = await findCollector(deployment, url);
    const client = logClient(address, id);
    const days = daysToCompact(await client.files(day), Date.now());
    const compacted: CompactedDay[] = [];
    for (const each of days) {
      const paths = await cacheFiles(client, cacheFolder(deployment, address), each.files);
      const database = await openDatabase({ memoryLimit: MEMORY_LIMIT });
      try {
        compacted.push(
          await withProgress(
            () => `Merging ${each.files.length} files of kind ${each.kind} of ${each.date}`,
            () => compactDay(client, database, id, each, paths),
          ),
        );
      } finally {
        database.close();
      }
    }
    if (json) for (const each of compacted) console.log(JSON.stringify(each));
    else if (compacted.length === 0) console.log("No day before today has files to merge.");
    else
      console.log(
        formatTable(
          ["date", "kind", "records", "files before", "files", "bytes before", "bytes", "kept"],
          compacted.map(({ kept = null, ...each }) => [
            ...[each.date, each.kind, each.records, each.before, each.after, each.bytes_before, each.bytes],
            kept,
          ]),
        ),
      );
    return 0;
  },
});
