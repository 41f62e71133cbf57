import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defaultFeatures, type Feature } from "@tidemark/schema";
import { type LogColumn, type LogRecord, recordTable } from "@tidemark/schema/log";
import { logOf, type TestRecord } from "../log/log-records.ts";
import { serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** The rows of a table: the value of each column that has one. */
export type Rows = Record<string, unknown>[];

/** A kind of record that has a table. */
type Kind = "event" | "vector" | "served_vector";

/** A copy of a log's folder `log/v1`. */
export interface LogCopy {
  folder: string;
  /** The records of a kind as rows, in order of partition and offset. */
  rowsOf(kind: Kind): Rows;
}

const features: readonly Feature[] = defaultFeatures;

/** A configuration whose log has served vectors. */
const LOGGED_SET = configWith(
  'defaultFeatures, featureSets: [{ name: "intent", version: 1, entity: "session", features: ["click_count"], log: true }]',
);

/** A served vector after each vector of a log. */
const servedAfter = (records: readonly TestRecord[]): TestRecord[] =>
  records
    .filter(({ kind }) => kind === "vector")
    .map(({ site, partition, offset, arrival, received_at, v, id }) => ({
      ...{ kind: "served_vector", site, partition, offset: offset + 1_000, arrival, received_at, v },
      payload: {
        reader: "server",
        entity: "session",
        id,
        age_ms: 12.5,
        features: { click_count: offset, note: "it's" },
      },
    }));

const byPlace = (one: Record<string, unknown>, other: Record<string, unknown>): number =>
  Number(one.partition) - Number(other.partition) || Number(one.offset) - Number(other.offset);

/** Rows as JSON values: times in UTC milliseconds, JSON parsed, columns without a value left out, in order of their place. */
export const normalised = (rows: Rows, columns: readonly LogColumn[]): Rows => {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const normalValue = (name: string, value: unknown): unknown => {
    switch (types.get(name)) {
      case "timestamp":
        return typeof value === "string" ? Date.parse(/[Z+]/.test(value) ? value : `${value}Z`) : value;
      case "json":
        return typeof value === "string" ? JSON.parse(value) : value;
      case "int32":
      case "int64":
        return Number(value);
      default:
        return value;
    }
  };
  return rows
    .map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([, value]) => value !== null)
          .map(([name, value]) => [name.toLowerCase(), normalValue(name.toLowerCase(), value)]),
      ),
    )
    .toSorted(byPlace);
};

/** The columns of a kind of record. */
export const columnsOf = (kind: Kind): readonly LogColumn[] => recordTable(kind, features).columns;

/**
 * Writes the files of a log into a folder. Compaction has merged them, and has not deleted the files that it replaced: each
 * record is there twice.
 */
export const copyLog = async (): Promise<LogCopy> => {
  const log = logOf({ features });
  const records = [...log, ...servedAfter(log)];
  const server = await serveLog(records);
  await server.cut();
  const files = server.files();
  await server.compact();
  const folder = temporaryFolder();
  for (const [name, bytes] of [...files, ...server.files()]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return {
    folder,
    rowsOf(kind) {
      const { rowOf, columns } = recordTable(kind, features);
      const own = records.filter((record) => record.kind === kind) as unknown as LogRecord[];
      return normalised(own.map(rowOf), columns).map((row) =>
        kind === "event" ? { ...row, event_id: `${row.session_id}/${row.tab_id}/${row.seq}` } : row,
      );
    },
  };
};

/** The SQL for a warehouse. @param config The configuration of the deployment. Default: with a set that is logged. */
export const ddlFor = async (warehouse: string, location: string, config = LOGGED_SET): Promise<string> => {
  const { code, stdout, stderr } = await runTidemark(deploymentFolder(config), [
    ...["warehouse", "ddl", warehouse, "--location", location],
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
};
