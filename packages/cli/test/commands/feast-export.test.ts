import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { defaultFeatures } from "@tidemark/schema";
import { expect, it } from "vitest";
import { logOf } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const records = logOf({ features: defaultFeatures });

const SETS = `[
  { name: "intent", version: 1, entity: "session", features: ["click_count"] },
  { name: "intent", version: 2, entity: "session", features: ["click_count", "recent_paths"] },
]`;

const config = configWith(`defaultFeatures, featureSets: ${SETS}, daysToLive: { user: 30 }`);

const rowsIn = async (file: string) => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`FROM '${file}' ORDER BY ALL`)).getRowObjectsJson();
  instance.closeSync();
  return rows;
};

it("writes the definitions and the latest vectors of a log, and keeps the configuration of the store", async () => {
  const server = await serveLog(records);
  await server.cut(records.length / 2);
  const out = join(temporaryFolder(), "repository");
  const run = () =>
    runTidemark(deploymentFolder(config), ["feast", "export", out, "--url", server.url, "--json"], {
      TIDEMARK_ADMIN_KEY: ADMIN_KEY,
    });
  const outcome = await run();
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.json()).toContainEqual({ file: "data/session.parquet", entity: "session", rows: 6 });

  const vectors = records.filter(({ kind }) => kind === "vector");
  const rows = await rowsIn(join(out, "data/session.parquet"));
  const expected = vectors.map(({ id, event_time, features }) => [id, event_time, features]);
  const features = rows.map(({ session_id, event_timestamp, created: _, ...own }) => [
    session_id,
    Date.parse(`${event_timestamp}`.replace("+00", "Z")),
    own,
  ]);
  expect(features).toEqual(expect.arrayContaining(expected));
  expect(features.length).toBe(expected.length);

  // The shortest ttl of the views.
  expect(server.exports).toEqual([{ max_age_s: 30 * 86_400 }]);
  const code = readFileSync(join(out, "definitions.py"), "utf8");
  expect(code).toContain(
    'features=[session_features[["click_count", "recent_paths"]]],\n    tags={"tidemark_set": "intent", "tidemark_version": "2"',
  );
  expect([...code.matchAll(/^ {4}name="(intent\w*)"/gm)].map(([, name]) => name)).toEqual([
    "intent_v1",
    "intent_v2",
    "intent",
  ]);
  expect([...code.matchAll(/ttl=timedelta\(days=(\d+)\)/g)].map(([, days]) => days)).toEqual(["0", "30", "0"]);

  const store = join(out, "feature_store.yaml");
  expect(readFileSync(store, "utf8")).toContain("project: tidemark_shop\n");
  writeFileSync(store, "project: mine\n");
  writeFileSync(join(out, "definitions.py"), "");
  expect((await run()).code).toBe(0);
  expect(readFileSync(store, "utf8")).toBe("project: mine\n");
  expect(readFileSync(join(out, "definitions.py"), "utf8")).toBe(code);
});

it.each(["created", "event_timestamp", "page_id"])("rejects a feature with the name of the column %s", async (name) => {
  const feature = `{ ...defaultFeatures.find(({ entity }) => entity === "page"), name: "${name}" }`;
  const folder = deploymentFolder(configWith(`[${feature}]`));
  expect(await runTidemark(folder, ["feast", "export", temporaryFolder(), "--log", temporaryFolder()])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`feature ${name} cannot be exported to Feast`),
  });
});

it("notes the age up to which an export is fresh, if there is one", async () => {
  const server = await serveLog(records);
  const run = (features: string, ...more: string[]) =>
    runTidemark(
      deploymentFolder(configWith(features)),
      ["feast", "export", temporaryFolder(), "--url", server.url, ...more],
      {
        TIDEMARK_ADMIN_KEY: ADMIN_KEY,
      },
    );
  expect((await run("defaultFeatures")).code).toBe(0);
  expect(server.exports).toEqual([]);
  expect((await run("defaultFeatures", "--max-age", "25h")).code).toBe(0);
  expect((await run("defaultFeatures, daysToLive: { user: 30, page: 2 }", "--max-age", "90s")).code).toBe(0);
  expect(server.exports).toEqual([{ max_age_s: 25 * 3_600 }, { max_age_s: 90 }]);
});

it("has no age for an export from a folder, which no collector knows of", async () => {
  const args = ["feast", "export", temporaryFolder(), "--log", temporaryFolder(), "--max-age", "25h"];
  expect(await runTidemark(deploymentFolder(config), args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--max-age is for an export from a collector"),
  });
});

it("expects one folder", async () => {
  const run = (...args: string[]) => runTidemark(deploymentFolder(config), ["feast", "export", ...args]);
  expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining("expects one folder") });
  expect((await run("a", "b")).code).toBe(2);
});
