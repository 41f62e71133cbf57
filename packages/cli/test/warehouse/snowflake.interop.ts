import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import { columnsOf, copyLog, ddlFor, normalised } from "./log-copy.ts";

/**
 * @shows fakesnow, a Snowflake on DuckDB, loads the files of a log by the statements of tidemark warehouse ddl, and has each record once
 * @needs Python 3.10 or later with pip; installs fakesnow 0.12.1 (516 MB) once
 */
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let python: string;
beforeAll(async () => {
  python = await pythonPackages("fakesnow[server]==0.12.1", "snowflake-connector-python[pandas]<5");
});

const run = (program: string, args: string[], input: string): string =>
  execFileSync("python3", ["-B", at(`interop/${program}`), ...args], {
    ...{ input, encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["pipe", "pipe", "inherit"] },
    env: { ...process.env, PYTHONPATH: python },
  });

describe("a log in Snowflake", { timeout: 120_000 }, () => {
  it("has each event, vector and served vector once, with all values", async () => {
    const { folder, rowsOf } = await copyLog();
    const sql = await ddlFor("snowflake", "s3compat://shop-tidemark-log/log/v1");
    const { version, skipped, loaded, events, vectors, served_vectors } = JSON.parse(
      run("load_into_fakesnow.py", [folder, "shop"], sql),
    );
    console.log(version);
    expect({ skipped, loaded }).toEqual({ skipped: 3, loaded: [["LOADED"], ["LOAD_SKIPPED"]] });
    expect(normalised(events, columnsOf("event"))).toEqual(rowsOf("event"));
    expect(normalised(vectors, columnsOf("vector"))).toEqual(rowsOf("vector"));
    expect(normalised(served_vectors, columnsOf("served_vector"))).toEqual(rowsOf("served_vector"));
  });

  it.each([
    ["bigquery", "gs://shop-tidemark-log/log/v1"],
    ["databricks", "r2://shop-tidemark-log@account.r2.cloudflarestorage.com/log/v1"],
  ])("has a counterpart for %s, whose statements sqlglot parses", async (warehouse, location) => {
    const { version, unparsed, statements } = JSON.parse(
      run("parse.py", [warehouse], await ddlFor(warehouse, location)),
    );
    console.log(version);
    expect(unparsed).toEqual([]);
    expect(statements).toBeGreaterThan(5);
  });
});
