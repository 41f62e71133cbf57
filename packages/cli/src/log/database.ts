import type { DuckDBConnection, DuckDBExtractedStatements, DuckDBType, JS } from "@duckdb/node-api";
import { CommandError } from "../command-line/command-error.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";

/** A value of a result: a DuckDB value as one of JavaScript. A 64-bit integer is a bigint. */
export type Value = JS;

/** The rows of a result, in groups, and their columns. */
export interface Result {
  names: string[];
  /** The columns' types in DuckDB, such as `DOUBLE`. JSON is `JSON`. */
  types: string[];
  rows: AsyncIterable<Value[][]>;
}

/** DuckDB in memory. */
export interface Database {
  /** Runs statements, whose results are not needed. */
  run(sql: string): Promise<void>;
  /** Runs one or more statements, and returns the result of the last one, which is computed as it is read. */
  query(sql: string): Promise<Result>;
  /** Returns all rows of a result as objects. */
  all(sql: string): Promise<Record<string, Value>[]>;
  /** Path of a folder for temporary files, which is removed by `close`. */
  folder: string;
  close(): void;
}

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  /** Limit of its memory, such as `2GB`; more goes to temporary files. Default: DuckDB's, 80 % of the machine's. */
  memoryLimit?: string;
}

/** Loads DuckDB. Other commands never do: it is a native library of 70 MB. */
const loadDuckdb = (): Promise<typeof import("@duckdb/node-api")> =>
  import("@duckdb/node-api").catch((error: Error) => {
    throw new CommandError(
      `DuckDB cannot be loaded: ${error.message}. Install @duckdb/node-api for ${process.platform} ${process.arch}.`,
    );
  });

/** A text as a SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as a SQL identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The name of a type. JSON is an alias of a text, also within a list. */
const typeName = (type: DuckDBType): string =>
  type.alias ?? ("valueType" in type ? `${typeName(type.valueType)}[]` : String(type));

/** Splits a text into its statements. @throws CommandError for a text without one, or of another form. */
const statementsIn = async (connection: DuckDBConnection, sql: string): Promise<DuckDBExtractedStatements> => {
  // For a text without a statement DuckDB has an error without a reason.
  const none = new CommandError(`Expected a SQL statement; given ${JSON.stringify(sql)}.`);
  if (/^[\s;]*$/.test(sql)) throw none;
  const statements = await connection.extractStatements(sql).catch((error: Error) => {
    const reason = /Failed to extract statements: (.*)$/s.exec(error.message)?.[1];
    throw reason === undefined ? none : new CommandError(reason);
  });
  if (statements.count === 0) throw none;
  return statements;
};

const queryLast = async (connection: DuckDBConnection, sql: string): Promise<Result> => {
  const statements = await statementsIn(connection, sql);
  for (let index = 0; index < statements.count - 1; index += 1) await (await statements.prepare(index)).run();
  const result = await (await statements.prepare(statements.count - 1)).stream();
  const types = result.columnTypes().map(typeName);
  return { names: result.deduplicatedColumnNames(), types, rows: result.yieldRowsJs() };
};

/** Opens an empty database. */
export const openDatabase = async ({ memoryLimit }: DatabaseOptions = {}): Promise<Database> => {
  const { DuckDBInstance } = await loadDuckdb();
  const { path: folder, remove } = createTemporaryFolder("tidemark-log-");
  const instance = await DuckDBInstance.create(":memory:", {
    temp_directory: folder,
    ...(memoryLimit && { memory_limit: memoryLimit }),
  });
  const connection = await instance.connect();
  return {
    folder,
    async run(sql) {
      await connection.run(sql);
    },
    query: (sql) => queryLast(connection, sql),
    async all(sql) {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS();
    },
    close() {
      connection.closeSync();
      instance.closeSync();
      remove();
    },
  };
};
