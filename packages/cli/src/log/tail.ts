import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Feature } from "@tidemark/schema";
import { type ColumnType, type LogColumn, type LogRecord, type LogRow, recordTable } from "@tidemark/schema/log";
import { type Database, literal, quote } from "./database.ts";
import { logTables, tableOf } from "./log-tables.ts";
import type { TimeRange } from "./time-range.ts";

/** The types of DuckDB by type of column. A time is read as UTC milliseconds. */
const SQL_TYPES: Record<ColumnType, string> = {
  int32: "INTEGER",
  int64: "BIGINT",
  timestamp: "BIGINT",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
  json: "VARCHAR",
};

/** The column of a record's kind. Readers of files have it from the name of the file. */
const KIND: LogColumn = { name: "kind", type: "text", required: true };

const createTable = async (
  database: Database,
  table: string,
  columns: readonly LogColumn[],
  path: string,
): Promise<void> => {
  const types = columns.map(({ name, type }) => `${quote(name)}: ${literal(SQL_TYPES[type])}`);
  const times = columns.filter(({ type }) => type === "timestamp").map(({ name }) => quote(name));
  const replaced = times.map((name) => `make_timestamp(${name} * 1000) AS ${name}`).join(", ");
  await database.run(
    `CREATE TABLE ${table} AS SELECT * REPLACE (${replaced})
     FROM read_json(${literal(path)}, format = 'newline_delimited', columns = {${types.join(", ")}})`,
  );
};

/** Splits a text into its lines. A JSON text may contain every other separator that Node's readline splits at. */
async function* linesOf(text: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of text) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/**
 * Loads the records that are in no file yet into the tables of `logTables`, with the columns of files.
 *
 * @param features The site's features: those of the session are columns of vectors.
 * @param received Period in which the records were received. Others are left out, as their files are.
 * @returns The reasons for records that no row can hold, and that the tables lack.
 */
export const loadTail = async (
  database: Database,
  tail: Readable,
  features: readonly Feature[],
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange,
): Promise<string[]> => {
  const targets = new Map(
    logTables.map((table) => {
      const path = join(database.folder, `${table.name}.json`);
      const { columns, rowOf } = recordTable(table.kinds[0], features);
      return [table, { columns: [KIND, ...columns], rowOf, path, file: createWriteStream(path) }];
    }),
  );
  const problems: string[] = [];
  for await (const line of linesOf(tail)) {
    const record = JSON.parse(line) as LogRecord;
    if (record.received_at < from || record.received_at >= to) continue;
    const { rowOf, file } = targets.get(tableOf(record.kind)) as NonNullable<ReturnType<typeof targets.get>>;
    let row: LogRow;
    try {
      row = { kind: record.kind, ...rowOf(record) };
    } catch (error) {
      problems.push((error as Error).message);
      continue;
    }
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, "drain");
  }
  for (const [{ name }, { columns, path, file }] of targets) {
    file.end();
    await finished(file);
    await createTable(database, name, columns, path);
  }
  return problems;
};
