import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { copyLog, ddlFor, type Rows } from "./log-copy.ts";

/**
 * @shows dbt-duckdb builds the models of warehouse/dbt from a log, and all of its tests pass
 * @needs Python 3.9 or later with pip; installs dbt-core 1.11.16, dbt-duckdb 1.10.1 and DuckDB 1.5.6 (200 MB) once
 */
const PROJECT = fileURLToPath(new URL("../../../../warehouse/dbt", import.meta.url));

let python: string;
beforeAll(async () => {
  python = await pythonPackages("dbt-core==1.11.16", "dbt-duckdb==1.10.1", "duckdb==1.5.6");
});

/** The profile of a database. */
const profile = (path: string): string =>
  JSON.stringify({ tidemark: { target: "test", outputs: { test: { type: "duckdb", path, threads: 1 } } } });

const dbt = (folder: string, ...args: string[]): string => {
  const folders = ["--project-dir", PROJECT, "--profiles-dir", folder, "--target-path", join(folder, "target")];
  return execFileSync(
    "python3",
    ["-W", "ignore", "-m", "dbt.cli.main", "--no-use-colors", ...args, ...folders, "--log-path", join(folder, "logs")],
    {
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: python, DBT_SEND_ANONYMOUS_USAGE_STATS: "false" },
    },
  );
};

/** Runs statements in a database file, and returns the rows of the last one. */
const inDatabase = async (path: string, sql: string): Promise<Rows> => {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
};

/** Counts by a key, of the rows that have one. */
const countsBy = (rows: Rows, key: (row: Rows[number]) => unknown): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const name = key(row);
    if (name !== undefined) counts[String(name)] = (counts[String(name)] ?? 0) + 1;
  }
  return counts;
};

const numbers = (rows: Rows, key: string, value: string): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [String(row[key]), Number(row[value])]));

describe("the models of warehouse/dbt", { timeout: 180_000 }, () => {
  it("have the sessions, pages and users of a log", async () => {
    const { folder: log, rowsOf } = await copyLog();
    const folder = temporaryFolder();
    const database = join(folder, "log.db");
    await inDatabase(database, await ddlFor("duckdb", log));
    mkdirSync(join(folder, "target"));
    writeFileSync(join(folder, "profiles.yml"), profile(database));
    console.log(/dbt=[\d.]+/.exec(dbt(folder, "build"))?.[0]);

    const [events, vectors] = [rowsOf("event"), rowsOf("vector")];
    const sessions = await inDatabase(database, "SELECT * FROM main_tidemark.sessions");
    for (const [column, feature] of [
      ["event_count", "feature_event_count"],
      ["page_view_count", "feature_page_view_count"],
      ["click_count", "feature_click_count"],
    ] as const)
      expect(numbers(sessions, "session_id", column)).toEqual(numbers(vectors, "id", feature));
    for (const [column, feature] of [
      ["entry_path", "feature_entry_path"],
      ["exit_path", "feature_current_path"],
    ] as const)
      expect(sessions.map((row) => [row.session_id, row[column] ?? undefined]).sort()).toEqual(
        vectors.map((row) => [row.id, row[feature]]).sort(),
      );
    expect(sessions.every(({ closed_at, vector_version }) => closed_at !== null && vector_version === 1)).toBe(true);

    const pages = await inDatabase(database, "SELECT * FROM main_tidemark.pages");
    const clicks = events.filter(({ type }) => type === "click");
    const clicked = pages.filter(({ click_count }) => Number(click_count) > 0);
    expect(numbers(clicked, "page", "click_count")).toEqual(
      countsBy(clicks, ({ view_path }) => view_path || undefined),
    );

    const users = await inDatabase(database, "SELECT * FROM main_tidemark.users");
    const personal = events.filter(({ consent_personalisation = "granted" }) => consent_personalisation === "granted");
    expect(numbers(users, "user_id", "event_count")).toEqual(
      countsBy(personal, ({ user_id, anonymous_id }) => user_id ?? anonymous_id),
    );
    const known = new Set(personal.map(({ user_id }) => user_id));
    expect(users.map(({ is_identified }) => is_identified)).toEqual(users.map(({ user_id }) => known.has(user_id)));
  });
});
