import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { FeatureValue } from "@tidemark/schema";
import type { LoggedEvent } from "../../../src/logged-event.ts";

const PROGRAM = fileURLToPath(new URL("Flink.java", import.meta.url).href);

/** The vector of a window. */
export type WindowRow = { id: string; window_start?: number; window_end?: number } & Record<
  string,
  FeatureValue | undefined
>;

const COLUMNS = ["session_id", "anonymous_id", "user_id", "tab_id", "seq", "type", "time", "view_id"] as const;

/** Starts Flink in one JVM, from the folder with its jars. */
export const openFlink = async (jars: string, mode: "batch" | "streaming") => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-flink-"));
  const process: ChildProcess = spawn(
    "java",
    [
      "--add-opens=java.base/java.util=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
      "-cp",
      `${jars}/*`,
      PROGRAM,
      mode,
    ],
    { stdio: ["pipe", "pipe", "ignore"] },
  );
  const lines = createInterface({ input: process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const run = async (statement: string): Promise<string[]> => {
    process.stdin?.write(`${statement}\n;\n`);
    const rows: string[] = [];
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value === "done") return rows;
      if (line.value.startsWith("failed ")) throw new Error(`${line.value}\n${statement}`);
      if (line.value.startsWith("row ")) rows.push(line.value.slice("row ".length));
    }
    throw new Error("Flink ended before it printed the result");
  };
  const version: string | undefined = (await lines.next()).value;
  if (!version) throw new Error("Flink ended before it printed its version");
  let loads = 0;

  return {
    /** Versions of the running Flink and Java. */
    version,
    async load(events: readonly LoggedEvent[]): Promise<void> {
      const path = join(folder, `events-${loads++}.json`);
      const rows = events.map((event, arrival) => {
        const columns = COLUMNS.map((column) => [column, event[column as keyof LoggedEvent]]);
        return JSON.stringify({ ...Object.fromEntries(columns), arrival, event: JSON.stringify(event) });
      });
      await writeFile(path, rows.join("\n"));
      if (loads > 1) await run("DROP TABLE events");
      await run(`CREATE TABLE events (
        session_id STRING, anonymous_id STRING, user_id STRING, tab_id STRING, seq BIGINT, \`type\` STRING, \`time\` BIGINT,
        view_id STRING, arrival BIGINT, event STRING,
        rowtime AS TO_TIMESTAMP_LTZ(\`time\`, 3), WATERMARK FOR rowtime AS rowtime - INTERVAL '5' SECOND
      ) WITH ('connector' = 'filesystem', 'path' = 'file://${path}', 'format' = 'json')`);
    },
    /** Returns the rows of a query for features of these names. Of a row that changed, returns the latest version. */
    async query(sql: string, columns: readonly string[]): Promise<WindowRow[]> {
      const isBound = (name: string) => name === "window_start" || name === "window_end";
      const keys = columns.map(
        (name) => `KEY '${name}' VALUE ${isBound(name) ? `CAST(${name} AS STRING)` : `\`${name}\``}`,
      );
      const rows = await run(`SELECT JSON_OBJECT(${keys.join(", ")}) FROM (${sql}) t`);
      const latest = new Map<string, WindowRow>();
      for (const row of rows) {
        if (row.startsWith("-")) continue;
        const values = JSON.parse(row.slice(2)) as Record<string, FeatureValue | undefined>;
        const timeOf = (name: string) => Date.parse(`${`${values[name]}`.replace(" ", "T")}Z`);
        const vector = columns.map((name) => [name, isBound(name) ? timeOf(name) : values[name]]);
        latest.set(`${values.id} ${values.window_end}`, Object.fromEntries(vector));
      }
      return [...latest.values()];
    },
    close: () => {
      process.stdin?.end();
    },
  };
};
