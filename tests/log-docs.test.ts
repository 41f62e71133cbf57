import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { defaultFeatures } from "@tidemark/schema";
import { eventColumns, fieldColumns, vectorColumns } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { logOf } from "../packages/cli/test/log/log-records.ts";
import { ADMIN_KEY, type LogServer, serveLog } from "../packages/cli/test/log/log-server.ts";
import { deploymentFolder, runTidemark } from "../packages/cli/test/log/run-tidemark.ts";
import { readDocs } from "./e2e/code-in-docs.ts";

const page = readDocs("log.md");

/** The commands of the page with their outputs. */
const commands = [...page.matchAll(/```sh\nnpx tidemark (.*?)\n```\n\n```text\n(.*?)```/gs)].map(
  ([, line = "", output = ""]) => ({
    args: [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word = ""]) => quoted ?? word),
    output,
  }),
);

/** A log of which some records are in no file yet. */
const serveExample = async (): Promise<LogServer> => {
  const records = logOf({ features: defaultFeatures });
  const server = await serveLog(records);
  await server.cut(records.length - 20);
  return server;
};

/** Sizes of files, which change with the encoding. */
const withoutSizes = (text: string): string => text.replaceAll(/\b\d{5,6}\b/g, "#").replaceAll(/ +#/g, " #");

describe("docs/log.md", () => {
  it("shows commands", () => expect(commands.length).toBeGreaterThan(5));

  it.each(commands)("shows the output of tidemark $args.0 $args.1 $args.2", async ({ args, output }) => {
    const { url } = await serveExample();
    const folder = deploymentFolder();
    const { code, stdout, stderr } = await runTidemark(folder, [...args, "--url", url], {
      TIDEMARK_ADMIN_KEY: ADMIN_KEY,
    });
    expect([code, stderr]).toEqual([0, ""]);
    // A line with an ellipsis stands for lines that the page leaves out.
    const [beginning = "", end] = withoutSizes(output).split(/^…\n/m);
    if (end === undefined) expect(withoutSizes(stdout)).toBe(beginning);
    else expect([stdout.startsWith(beginning), stdout.endsWith(end)]).toEqual([true, true]);
  });

  it("shows a query of DuckDB over the files", async () => {
    const [, sql = ""] = /```sql\n(.*?)```/s.exec(page) ?? [];
    const server = await serveExample();
    await server.cut();
    const folder = deploymentFolder();
    for (const [name, bytes] of server.files()) {
      const path = join(folder, "log/v1", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    const instance = await DuckDBInstance.create(":memory:", { file_search_path: folder });
    const connection = await instance.connect();
    const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
    instance.closeSync();
    expect(rows[0]).toMatchObject({ type: "scroll" });
  });

  it("lists every column", () => {
    const columns = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, names = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const fields = new Set([...fieldColumns.values()].map(({ name }) => name));
    const wanted = [...eventColumns, ...vectorColumns([])].map(({ name }) => name);
    expect(wanted.filter((name) => !columns.includes(name) && !fields.has(name))).toEqual([]);
    expect(columns).toEqual(expect.arrayContaining(["event_kind", "properties", "traits", "type", "tab_id"]));
  });
});
