import { resolve } from "node:path";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, literal, quote } from "./database.ts";

/** The table of labels: `label_row`, `id`, `as_of` in UTC milliseconds, and the columns of {@link Labels}. */
export const LABELS = "labels";

/** The labels of a training set, in the table {@link LABELS}. */
export interface Labels {
  /** Names of the label columns, in their order. */
  columns: string[];
  /** Whether each label is of a row in the table of served vectors, whose number it has. Default: no. */
  areOfServed?: boolean;
}

/** The moment in a column of a file, in UTC milliseconds; NULL for a text that is none. */
const momentSql = (type: string): string => {
  if (/INT|DOUBLE|DECIMAL|FLOAT/.test(type)) return "CAST(as_of AS BIGINT)";
  if (/^TIMESTAMP|^DATE/.test(type)) return "epoch_ms(CAST(as_of AS TIMESTAMP))";
  return "CASE WHEN regexp_full_match(as_of, '\\d+') THEN CAST(as_of AS BIGINT) ELSE epoch_ms(TRY_CAST(as_of AS TIMESTAMP)) END";
};

/**
 * Reads a file of labels, CSV or Parquet. It has a row for each label, with the entity's `id`, the moment `as_of`, and any
 * other columns.
 *
 * @throws CommandError that names the missing column, or the first row without an id or a moment.
 */
export const readLabels = async (database: Database, path: string): Promise<Labels> => {
  const file = literal(resolve(path));
  const [, extension = ""] = /\.(\w+)$/.exec(path) ?? [];
  if (extension !== "csv" && extension !== "parquet")
    throw new CommandError(`--labels: expected a .csv or a .parquet file; given ${path}.`);
  const isCsv = extension === "csv";
  const named = isCsv ? `read_csv(${file}, header = true)` : `read_parquet(${file})`;
  const described = await database.all(`DESCRIBE FROM ${named}`).catch((error: Error) => {
    throw new CommandError(`--labels: ${path} cannot be read: ${error.message.split("\n")[0]}`);
  });
  const types = new Map(described.map(({ column_name, column_type }) => [String(column_name), String(column_type)]));
  for (const name of ["id", "as_of"])
    if (!types.has(name))
      throw new CommandError(`--labels: ${path} has no column ${name}; given ${[...types.keys()].join(", ")}.`);
  // The text of an id and of a moment, as it stands in the file.
  const reader = isCsv ? `read_csv(${file}, header = true, types = {'id': 'VARCHAR', 'as_of': 'VARCHAR'})` : named;
  if (isCsv) types.set("as_of", "VARCHAR");
  const columns = [...types.keys()].filter((name) => name !== "id" && name !== "as_of");
  await database.run(
    `CREATE TABLE ${LABELS} AS SELECT row_number() OVER () AS label_row, CAST(id AS VARCHAR) AS id,
       ${momentSql(types.get("as_of") as string)} AS as_of, CAST(as_of AS VARCHAR) AS given_as_of
       ${columns.map((name) => `, ${quote(name)}`).join("")} FROM ${reader}`,
  );
  const [wrong] = await database.all(
    `SELECT label_row, id, given_as_of FROM ${LABELS} WHERE id IS NULL OR as_of IS NULL ORDER BY label_row LIMIT 1`,
  );
  if (wrong) {
    const [column, value] = wrong.id === null ? ["id", null] : ["as_of", wrong.given_as_of];
    const expected = column === "id" ? "an id" : "a time, or a number of UTC milliseconds";
    throw new CommandError(
      `--labels: ${path}: row ${wrong.label_row}: ${column}: expected ${expected}; given ${JSON.stringify(value) ?? "nothing"}.`,
    );
  }
  await database.run(`ALTER TABLE ${LABELS} DROP COLUMN given_as_of`);
  return { columns };
};
