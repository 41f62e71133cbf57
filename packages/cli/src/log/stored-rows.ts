import type { LogColumn, StoredRow } from "@tidemark/schema/log";
import { type Database, quote, type Value } from "./database.ts";

const selected = ({ name, type }: LogColumn): string =>
  type === "timestamp" ? `epoch_ms(${quote(name)})` : quote(name);

const stored = (value: Value): StoredRow[string] =>
  typeof value === "bigint" ? Number(value) : (value as StoredRow[string]);

/**
 * Reads rows of the log's columns from a table or view, as `eventIn` and `vectorIn` expect them.
 *
 * @param source The part of the SELECT statement from `FROM` on.
 */
export async function* readRows(
  database: Database,
  columns: readonly LogColumn[],
  source: string,
): AsyncGenerator<StoredRow> {
  const { rows } = await database.query(`SELECT ${columns.map(selected).join(", ")} ${source}`);
  const names = columns.map(({ name }) => name);
  for await (const group of rows)
    for (const values of group) {
      const row: Record<string, StoredRow[string]> = {};
      for (const [index, value] of values.entries()) if (value !== null) row[names[index] as string] = stored(value);
      yield row;
    }
}
