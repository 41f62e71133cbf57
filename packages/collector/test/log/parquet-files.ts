import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LogColumn, StoredRow } from "@tidemark/schema/log";
import type { EncodedFile } from "../../src/log/cut.ts";

/** A folder of the log's files, under their names. */
export interface LogFolder {
  /** Replaces the files. */
  write(files: readonly EncodedFile[]): void;
  /** SQL of a table of the files of one kind. */
  table(kind: string): string;
  remove(): void;
}

/** Creates an empty folder. */
export const createLogFolder = (): LogFolder => {
  let root = "";
  const remove = () => rmSync(root, { recursive: true, force: true });
  return {
    remove,
    write(files) {
      remove();
      // DuckDB caches parts of files by name, time and size, so that a file of the same name could be read as the earlier one.
      root = mkdtempSync(join(tmpdir(), "tidemark-log-"));
      for (const { file, bytes } of files) {
        mkdirSync(dirname(join(root, file.name)), { recursive: true });
        writeFileSync(join(root, file.name), bytes);
      }
    },
    table: (kind) => `read_parquet('${root}/kind=${kind}/**/*.parquet', union_by_name = true)`,
  };
};

/** Reads columns of a table, in the order of the offsets. Timestamps are UTC milliseconds. */
export const readRows = async (
  connection: DuckDBConnection,
  table: string,
  columns: readonly LogColumn[],
): Promise<StoredRow[]> => {
  const items = columns.map(({ name, type }) =>
    type === "timestamp" ? `epoch_ms("${name}") AS "${name}"` : `"${name}"`,
  );
  const result = await connection.runAndReadAll(`SELECT ${items} FROM ${table} ORDER BY "offset"`);
  return result.getRowObjectsJS().map((row) => {
    const values = Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "bigint" ? Number(value) : value,
    ]);
    return Object.fromEntries(values) as StoredRow;
  });
};
