import { rmSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";
import { columnsOf, copyLog, ddlFor, normalised, type Rows } from "../warehouse/log-copy.ts";

const run = (...args: string[]) => runTidemark(deploymentFolder(), ["warehouse", "ddl", ...args]);

it("loads a log into DuckDB, each record once, again and again, and after a change of the features", async () => {
  const { folder, rowsOf } = await copyLog();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = async (view: string): Promise<Rows> =>
    (await connection.runAndReadAll(`SELECT * FROM tidemark_shop.${view}`)).getRowObjectsJson();

  await connection.run(await ddlFor("duckdb", `${folder}/`, configWith("defaultFeatures.slice(0, 3)")));
  expect((await rows("vectors")).map((row) => Object.keys(row).filter((name) => name.startsWith("feature_")))).toEqual(
    rowsOf("vector").map(() => ["feature_session_duration_ms", "feature_event_count", "feature_event_rate_1m"]),
  );
  await connection.run("DELETE FROM tidemark_shop.vector_files WHERE partition = 0");

  const sql = await ddlFor("duckdb", folder);
  for (const _ of ["with new features", "with nothing new"]) {
    await connection.run(sql);
    expect(normalised(await rows("events"), columnsOf("event"))).toEqual(rowsOf("event"));
    expect(normalised(await rows("served_vectors"), columnsOf("served_vector"))).toEqual(rowsOf("served_vector"));
  }
  const loaded = normalised(await rows("vectors"), columnsOf("vector"));
  // Records that were loaded before have no values of new features.
  expect(loaded.filter(({ partition }) => partition === 0)).toEqual(
    rowsOf("vector").filter(({ partition }) => partition === 0),
  );
  expect(loaded.length).toBe(rowsOf("vector").length);
  instance.closeSync();
});

it("loads a log into DuckDB that has events only, and has all views of an empty one", async () => {
  const { folder, rowsOf } = await copyLog();
  rmSync(join(folder, "kind=vector"), { recursive: true });
  rmSync(join(folder, "kind=served_vector"), { recursive: true });
  for (const [location, events, error] of [
    [folder, rowsOf("event").length, undefined],
    [join(folder, "it's not here"), 0, "No files found"],
  ] as const) {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const loading = connection.run(await ddlFor("duckdb", location));
    await (error ? expect(loading).rejects.toThrow(error) : loading);
    for (const [view, count] of [["events", events] as const, ["vectors", 0] as const, ["served_vectors", 0] as const])
      expect((await connection.runAndReadAll(`FROM tidemark_shop.${view}`)).currentRowCount).toBe(count);
    instance.closeSync();
  }
});

it("names the warehouses, and the address that it needs", async () => {
  expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining("expects one of snowflake, bigquery") });
  expect(await run("oracle")).toMatchObject({ code: 2, stderr: expect.stringContaining("given oracle") });
  expect(await run("constructor")).toMatchObject({ code: 2, stderr: expect.stringContaining("given constructor") });
  expect(await run("clickhouse")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--location <address>, such as https://<account>.r2.cloudflarestorage.com/"),
  });
});

it("has a table of served vectors only when a set is logged", async () => {
  const withoutSets = await ddlFor("duckdb", "./log/v1", configWith("defaultFeatures"));
  expect(withoutSets).toContain("event_files");
  expect(withoutSets).not.toContain("served_vector");
});

it("clusters each table of BigQuery by columns that it is created with", async () => {
  const sql = await ddlFor("bigquery", "gs://shop-log/log/v1");
  const tables = [...sql.matchAll(/CREATE TABLE IF NOT EXISTS \S+ \(([^;]*?)\n\)([^;]*);/g)];
  expect(tables).toHaveLength(3);
  for (const [, columns = "", options = ""] of tables)
    for (const [name] of options.matchAll(/`\w+`/g)) expect(columns).toContain(`\n  ${name} `);
});

it("creates a pipe where the store sends notifications, and a task elsewhere", async () => {
  const notified = await ddlFor("snowflake", "gcs://shop-log/log/v1");
  expect(notified).toContain("CREATE PIPE IF NOT EXISTS event_files_pipe AUTO_INGEST = TRUE AS\nCOPY INTO event_files");
  expect(notified).not.toContain("TASK");
  const scheduled = await ddlFor("snowflake", "s3compat://shop-log/log/v1");
  expect(scheduled).toContain("CREATE TASK IF NOT EXISTS vector_files_load SCHEDULE = '5 MINUTES' AS\nCOPY INTO");
  expect(scheduled).not.toContain("PIPE");
});
