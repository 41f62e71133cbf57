import { type LogFile, rangesOf } from "@tidemark/schema/log";
import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findCollector } from "../log/collector-address.ts";
import { logClient } from "../log/log-client.ts";
import { logFlags, rangeFlags, siteFor } from "../log/log-flags.ts";
import { listFiles } from "../log/open-log.ts";
import { parseRange } from "../log/time-range.ts";

/** A time in UTC milliseconds, for people. */
const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** The hour in which the records of a file were received, or the day. */
const receivedOf = (file: LogFile): string => {
  const [hour, ...others] = new Set(rangesOf(file).map((range) => range.hour));
  return hour === undefined || others.length > 0 ? file.date : `${file.date} ${String(hour).padStart(2, "0")}h`;
};

/** The partitions of the records in a file. */
const partitionsOf = (file: LogFile): number | string => {
  const partitions = [...new Set(rangesOf(file).map(({ partition }) => partition))];
  return partitions.length === 1 ? (partitions[0] as number) : partitions.sort((a, b) => a - b).join(" ");
};

/** `tidemark log files`. */
export const logFiles = defineCommand({
  name: "tidemark log files",
  summary: "Lists the Parquet files of a site's log.",
  flags: {
    ...logFlags,
    ...rangeFlags,
    json: { description: "Prints each file as a JSON object on a line of its own." },
  },
  examples: [
    ["tidemark log files", "Prints all files, with their records and the period of their events."],
    ["tidemark log files --from 2026-11-29 --json", "Prints the files with events since a date, for a program."],
  ],
  async run({ url, site: siteId, from, to, json = false }) {
    const range = parseRange(from, to);
    const deployment = await openDeployment();
    const { id } = siteFor(deployment, siteId);
    const files = await listFiles(logClient(await findCollector(deployment, url), id), range);
    if (json) {
      for (const file of files) console.log(JSON.stringify(file));
      return 0;
    }
    if (files.length === 0) {
      console.log(
        `No files${from || to ? " with events of this period" : ""}. The latest records are in none yet; tidemark log query reads them too.`,
      );
      return 0;
    }
    const rows = files.map((file) => [
      ...[file.kind, receivedOf(file), partitionsOf(file), file.records, file.bytes],
      ...[minuteOf(file.min_time), minuteOf(file.max_time), file.name.split("/").at(-1)],
    ]);
    console.log(
      formatTable(["kind", "received", "partition", "records", "bytes", "first event", "last event", "file"], rows),
    );
    const total = (field: "records" | "bytes") => files.reduce((sum, file) => sum + file[field], 0);
    console.log(
      `\n${files.length} file${files.length === 1 ? "" : "s"}, ${total("records")} records, ${total("bytes")} bytes`,
    );
    return 0;
  },
});
