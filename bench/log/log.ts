import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Bench, report } from "../report.ts";
import { compactSmallFiles } from "./compact.ts";
import { CUT_EVENTS, cutsOf } from "./cuts.ts";
import type { Queries } from "./query.ts";
import { writeCuts } from "./write.ts";

/** Number of events in the log. */
const EVENTS = 10_000_000;

/** Number of parts of the query for features. Fewer parts take more memory; each part reads the columns of all events. */
const PARTS = Math.ceil(EVENTS / 1_500_000);

const QUERY = fileURLToPath(new URL("query.ts", import.meta.url));

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** Runs the queries in a process of their own, whose memory is then that of the queries alone. */
const queriesOver = async (source: string, folder: string): Promise<Queries> => {
  mkdirSync(folder, { recursive: true });
  const { stdout } = await promisify(execFile)(process.execPath, [QUERY, source, String(PARTS), folder]);
  return JSON.parse(stdout);
};

/** Copies the log to one file of DuckDB, with the same compression. Returns its size in bytes. */
const copyByDuckdb = async (source: string, path: string): Promise<number> => {
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
  await connection.run(`COPY (SELECT * FROM ${source}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
  const size = await connection.runAndReadAll(`SELECT size FROM read_blob('${path}')`);
  return Number(size.getRows()[0]?.[0]);
};

/**
 * Measures the log: the cost of encoding ten million events as the collector does, the size of the files, and the time
 * and memory of queries over them. The reference of encoding is compressed JSON lines; that of the rest is a file of the
 * same rows by DuckDB itself.
 */
export const log: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-bench-log-"));
  try {
    const compacting = await compactSmallFiles(folder);
    const writing = await writeCuts(cutsOf(EVENTS / CUT_EVENTS), join(folder, "log"));
    const files = `read_parquet('${folder}/log/kind=event/**/*.parquet', union_by_name = true)`;
    const copy = join(folder, "copy.parquet");
    const copyBytes = await copyByDuckdb(files, copy);
    const ours = await queriesOver(files, join(folder, "vectors"));
    const theirs = await queriesOver(`read_parquet('${copy}')`, join(folder, "vectors-of-copy"));
    if (ours.vectors !== theirs.vectors) throw new Error(`${ours.vectors} and ${theirs.vectors} vectors`);
    const { events, cpu_us, json_cpu_us, rate, bytes, blocks } = writing;
    const blockAt = (share: number): number => rounded(blocks[Math.floor(blocks.length * share)] ?? 0);
    return report("log", [
      {
        case: "processor time of encoding",
        value: rounded(cpu_us),
        unit: "µs/event",
        reference: rounded(json_cpu_us),
        budget: 15,
      },
      {
        case: "encoding, on one thread",
        value: Math.round(rate),
        unit: "events/s",
        reference: Math.round(1_000_000 / json_cpu_us),
        budget: 50_000,
        bound: "at_least",
      },
      {
        case: "encoding between two pauses, p99 next to the median",
        value: blockAt(0.99),
        unit: "ms",
        reference: blockAt(0.5),
        budget: 50,
      },
      {
        case: "size as written",
        value: rounded(bytes / events),
        unit: "B/event",
        reference: rounded(copyBytes / events),
        budget: 90,
      },
      {
        case: "processor time of compacting an hour of 400,000 events, next to encoding them",
        value: rounded(compacting.cpu_us),
        unit: "µs/event",
        reference: rounded(cpu_us),
        budget: 25,
      },
      {
        case: "size in an hour's file, next to its 60 small files",
        value: rounded(compacting.bytes.hour),
        unit: "B/event",
        reference: rounded(compacting.bytes.small),
        budget: 40,
      },
      {
        case: "size in a day's file, next to the hour's",
        value: rounded(compacting.bytes.day),
        unit: "B/event",
        reference: rounded(compacting.bytes.hour),
        budget: 30,
      },
      {
        case: `session features of ${EVENTS.toLocaleString("en")} events`,
        value: ours.features_ms / 1000,
        unit: "s",
        reference: theirs.features_ms / 1000,
        budget: 40,
      },
      {
        case: "peak memory of the queries",
        value: ours.peak_rss_mb,
        unit: "MB",
        reference: theirs.peak_rss_mb,
        budget: 3000,
      },
      { case: "count by type", value: ours.types_ms, unit: "ms", reference: theirs.types_ms, budget: 1000 },
      { case: "pages of ten minutes", value: ours.range_ms, unit: "ms", reference: theirs.range_ms, budget: 1000 },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
