import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import { columnsOf, copyLog, ddlFor, normalised } from "./log-copy.ts";

/**
 * @shows ClickHouse loads the files of a log by the statements of tidemark warehouse ddl, and has each record once
 * @needs Python 3.9 or later with pip; installs chdb 4.4.0, which is ClickHouse in a library (600 MB), once
 */
const PROGRAM = fileURLToPath(new URL("interop/clickhouse.py", import.meta.url));

let python: string;
beforeAll(async () => {
  python = await pythonPackages("chdb==4.4.0");
});

const read = (view: string, sql: string): string =>
  execFileSync("python3", ["-B", PROGRAM, view], {
    input: sql,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONPATH: python },
  });

describe("a log in ClickHouse", { timeout: 60_000 }, () => {
  it("has each event, vector and served vector once, with all values", async () => {
    console.log(`ClickHouse ${read("version", "").trim()}`);
    const { folder, rowsOf } = await copyLog();
    const sql = await ddlFor("clickhouse", folder);
    const views = [
      ["events", "event"],
      ["vectors", "vector"],
      ["served_vectors", "served_vector"],
    ] as const;
    for (const [view, kind] of views) {
      const lines = read(`tidemark_shop.${view}`, sql).trim().split("\n");
      expect(
        normalised(
          lines.map((line) => JSON.parse(line)),
          columnsOf(kind),
        ),
      ).toEqual(rowsOf(kind));
    }
  });
});
