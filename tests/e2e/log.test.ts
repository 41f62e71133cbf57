import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import config from "../../tidemark.config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "packages/cli/src/main.ts");

let stack: LocalStack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-log-"));
  stack = await startLocalStack({ site: EXAMPLE_SITE });
});
afterAll(async () => {
  await stack?.stop();
  const cache = `localhost-${new URL(stack.collector.origin).port}`;
  for (const path of [folder, join(ROOT, ".wrangler/tidemark-log", cache)])
    rmSync(path, { recursive: true, force: true });
});

/** Runs a command on the collector, and returns its standard output. */
const tidemark = (...args: string[]): string => tidemarkIn(ROOT, ...args);

/** Runs a command with the configuration in a folder. */
const tidemarkIn = (cwd: string, ...args: string[]): string => {
  const env = { ...process.env, TIDEMARK_URL: stack.collector.origin, TIDEMARK_ADMIN_KEY: stack.adminKey };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: "utf8", env });
  expect(status, stderr).toBe(0);
  return stdout;
};

const query = (sql: string): Record<string, unknown>[] =>
  tidemark("log", "query", sql, "--json")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const session_id = `demo.${randomUUID()}`;
const tab_id = "0a1b2c3d4e5f";
const begin = Date.now() - 60_000;

/** Sends an event of a session, and waits until it is acknowledged. */
const send = async (seq: number, more: object = {}): Promise<void> => {
  const time = begin + seq * 1_000;
  const view = { view_id: "view0001", started_at: begin, url: "https://shop.example/boots", path: "/boots" };
  const properties = { sku: "boots", price: 89.5, sizes: [41, 42] };
  const response = await fetch(`${stack.collector.origin}/v1/events`, {
    method: "POST",
    body: JSON.stringify({
      ...{ v: 1, key: config.sites[0]?.key, sent_at: Date.now(), session_id, anonymous_id: "9f8e7d6c5b4a3210", tab_id },
      ...{ sdk: "test/1", views: [view], ...more },
      events: [{ type: "custom", seq, time, view_id: "view0001", name: "add_to_basket", properties }],
    }),
  });
  expect(await response.json()).toMatchObject({ accepted: 1 });
};

const cut = async (): Promise<void> => {
  const headers = { authorization: `Bearer ${stack.adminKey}` };
  const response = await fetch(`${stack.collector.origin}/v1/log/cut?site=demo`, { method: "POST", headers });
  expect(response.status).toBe(200);
};

/** Expects a result of a query that starts within five seconds, however long the queries take on a loaded machine. */
const expectWithin5Seconds = async (sql: string, expected: unknown[]) => {
  for (const deadline = Date.now() + 5_000; ; await sleep(200)) {
    const isLast = Date.now() > deadline;
    const result = query(sql);
    if (isDeepStrictEqual(result, expected)) return;
    if (isLast) expect(result).toEqual(expected);
  }
};

describe("an event, followed by its event_id", () => {
  const events = `SELECT event_id, name, properties, view_path FROM events WHERE session_id = '${session_id}' ORDER BY seq`;
  const eventOf = (seq: number) => ({
    ...{
      event_id: `${session_id}/${tab_id}/${seq}`,
      name: "add_to_basket",
      view_path: "/boots",
    },
    properties: { sku: "boots", price: 89.5, sizes: [41, 42] },
  });

  it("is seen by a query within 5 s, from no file, from a file, and from both", async () => {
    await send(0);
    await expectWithin5Seconds(events, [eventOf(0)]);
    await cut();
    expect(tidemark("log", "files")).toMatch(/^event .* 1 {2}/m);
    expect(query(events)).toEqual([eventOf(0)]);
    await send(1);
    await send(2);
    await expectWithin5Seconds(events, [0, 1, 2].map(eventOf));
  });

  it("counts in SQL, in a replay and in a backfill as in the served vector", async () => {
    const { features } = await readVector(stack, session_id);
    expect(features).toMatchObject({ event_count: 3, custom_event_count: 3 });
    const [row] = query(`SELECT event_count, custom_event_count FROM features_session WHERE id = '${session_id}'`);
    expect(features).toMatchObject(row ?? {});

    tidemark("backfill", "--out", join(folder, "features"));
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const file = join(folder, "features", "session", "*.parquet");
    const [written] = (await connection.runAndReadAll(`FROM '${file}' WHERE id = '${session_id}'`)).getRowObjectsJS();
    instance.closeSync();
    expect(written).toMatchObject({ event_count: 3, custom_event_count: 3 });

    expect(tidemark("log", "verify")).toMatch(/^Compared 0 vectors with 3 events of 1 session: 0 disagreements\.$/m);
  });
});

/** A deployment's folder whose configuration has one more definition than that of the running collector. */
const withAddedDefinition = (): string => {
  const path = join(folder, "deployment");
  mkdirSync(path);
  symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  writeFileSync(join(path, "package.json"), '{ "type": "module" }');
  writeFileSync(join(path, "wrangler.toml"), "");
  const added = {
    ...{ name: "basket_value", description: "Prices of items put into the basket.", unit: "EUR" },
    ...{ entity: "session", source: "custom", window: { type: "session" } },
    aggregate: { type: "sum", field: "properties.price" },
  };
  const set = { name: "baskets", version: 1, entity: "session", features: ["basket_value", "event_count"] };
  writeFileSync(
    join(path, "tidemark.config.ts"),
    `import config from ${JSON.stringify(join(ROOT, "tidemark.config.ts"))};
export default { ...config, features: [...config.features, ${JSON.stringify(added)}], featureSets: [${JSON.stringify(set)}], models: [], reactions: [] };`,
  );
  return path;
};

it("a definition that is added while the collector runs is backfilled, and in a training set", async () => {
  const deployment = withAddedDefinition();
  tidemarkIn(deployment, "backfill", "--out", "features");
  writeFileSync(
    join(deployment, "labels.csv"),
    `id,as_of,bought\n${session_id},${begin + 1_000},true\n${session_id},${begin + 60_000},false\n`,
  );
  tidemarkIn(deployment, "training-set", "--labels", "labels.csv", "--set", "baskets", "--out", "training.parquet");
  const goal = ["--goal", "basket", "--horizon", "30s", "--after", "1s"];
  tidemarkIn(deployment, "training-set", ...goal, "--set", "baskets", "--out", "by-goal.parquet");

  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rowsOf = async (file: string, columns: string) => {
    const sql = `SELECT ${columns} FROM '${join(deployment, file)}' WHERE id = '${session_id}' ORDER BY as_of`;
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  };
  expect(await rowsOf("features/session/*.parquet", "basket_value")).toEqual([{ basket_value: 268.5 }]);
  expect(await rowsOf("training.parquet", "bought, basket_value, event_count")).toEqual([
    { bought: true, basket_value: 89.5, event_count: 1 },
    { bought: false, basket_value: 268.5, event_count: 3 },
  ]);
  expect(await rowsOf("by-goal.parquet", "label, basket_value")).toEqual([{ label: true, basket_value: 89.5 }]);
  instance.closeSync();
});

it("a visitor who has not allowed personalisation is named by no record, in the tail and in files", async () => {
  const denied = { measurement: "granted", personalisation: "denied" };
  const visitor = { session_id: `demo.${randomUUID()}`, anonymous_id: "browser-of-eve", user_id: "eve@example.org" };
  await send(0, { ...visitor, consent: denied });
  const everything = `SELECT to_json(e) AS record FROM events e WHERE session_id = '${visitor.session_id}'`;
  const records = () => query(everything).map((row) => JSON.stringify(row));
  await expect.poll(() => records().length, { interval: 200 }).toBe(1);
  for (const isInFile of [false, true]) {
    if (isInFile) await cut();
    const [record = "", ...others] = records();
    expect(others).toEqual([]);
    expect(record).toContain("add_to_basket");
    for (const name of [visitor.anonymous_id, visitor.user_id]) expect(record).not.toContain(name);
  }
});
