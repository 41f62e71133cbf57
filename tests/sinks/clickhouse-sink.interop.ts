import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { defaultFeatures } from "@tidemark/schema";
import { recordTable } from "@tidemark/schema/log";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { columnsOf, ddlFor, normalised, type Rows } from "../../packages/cli/test/warehouse/log-copy.ts";
import { pythonPackages } from "../interop/install.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import {
  attemptAtOnce,
  attemptIn,
  eventsIn,
  expectDelivered,
  idOf,
  logRecords,
  type TestCut,
} from "./attempt-in-worker.ts";

const SERVER = fileURLToPath(new URL("clickhouse/server.py", import.meta.url));

let folder: string;
let port: number;
let python: string;
let server: ChildProcess;
let worker: Workerd;

const query = async (sql: string): Promise<string> => {
  const headers = { "x-clickhouse-user": "writer", "x-clickhouse-key": "secret" };
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: sql });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
};

const startServer = async () => {
  const env = { ...process.env, PYTHONPATH: python };
  server = spawn("python3", ["-B", SERVER, `${port}`, folder], { env, stdio: ["ignore", "ignore", "inherit"] });
  for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
    if (await query("SELECT 1").catch(() => undefined)) return;
    if (Date.now() > deadline || server.exitCode !== null) throw new Error("ClickHouse did not start");
  }
};

const killServer = async () => {
  const exit = once(server, "exit");
  server.kill("SIGKILL");
  await exit;
};

/**
 * @shows a Worker writes to ClickHouse; the tables of tidemark warehouse ddl have each record once, through repetitions and a kill of the server
 * @needs Python 3.9 or later with pip; installs chdb 4.4.0, which is ClickHouse in a library (600 MB), once
 * @with clickhouse
 */
beforeAll(async () => {
  python = await pythonPackages("chdb==4.4.0");
  folder = await mkdtemp(join(tmpdir(), "tidemark-clickhouse-"));
  port = await getPort();
  await startServer();
  console.log(`ClickHouse ${(await query("SELECT version() AS v")).trim()}`);
  worker = await startWorkerd(
    new URL("workers/attempt.ts", import.meta.url),
    { CLICKHOUSE_PASSWORD: "secret", WRONG_PASSWORD: "wrong" },
    {},
    { objects: [], authorities: [] },
  );
});
afterAll(async () => {
  await worker?.remove();
  if (server) await killServer();
  await rm(folder, { recursive: true, force: true });
});

const attempt = (cut: TestCut, settings: object = {}, timeMs = 20_000) =>
  attemptIn(worker, {
    ...{ target: "clickhouse", cut, timeMs },
    settings: { url: `http://127.0.0.1:${port}`, user: "writer", passwordSecret: "CLICKHOUSE_PASSWORD", ...settings },
  });

const rowsIn = async (source: string): Promise<Rows> =>
  (await query(`SELECT * FROM tidemark_shop.${source}`))
    .split("\n")
    .filter((line) => line)
    .map((line) => JSON.parse(line));

const count = async (source: string): Promise<number> =>
  Number(JSON.parse(await query(`SELECT count() AS n FROM tidemark_shop.${source}`)).n);

const all = logRecords();
const events = eventsIn(all);

const cutOf = (records: TestCut["records"], id: string): TestCut => ({ id, records });

/** Runs the statements of `tidemark warehouse ddl clickhouse` except for those that load files. */
const runDdl = async () => {
  const statements = (await ddlFor("clickhouse", folder)).split(/;\n/).filter((each) => each.trim());
  for (const statement of statements) if (!statement.includes("INSERT INTO")) await query(statement);
};

/** Begins with empty tables. */
const createTables = async () => {
  await query("DROP DATABASE IF EXISTS tidemark_shop");
  await runDdl();
};

const expectOnce = async (): Promise<void> => {
  for (const [view, kind] of [
    ["events", "event"],
    ["vectors", "vector"],
  ] as const) {
    const { rowOf, columns } = recordTable(kind, defaultFeatures);
    const expected = all
      .filter((record) => record.kind === kind)
      .map((record) => ({ ...rowOf(record), ...(kind === "event" && { event_id: idOf(record) }) }));
    expect(normalised(await rowsIn(view), columnsOf(kind))).toEqual(normalised(expected, columns));
  }
};

describe("a sink of ClickHouse in a Worker", { timeout: 120_000 }, () => {
  it("has no table first, and then each event and vector once, with all values, whatever is sent again", async () => {
    const cut = cutOf(all, "shop/0/1-999");
    expect(await attempt(cut)).toContainEqual({
      type: "retry",
      reason: expect.stringMatching(/code (60|81) .*: run the statements of tidemark warehouse ddl clickhouse/),
    });
    await createTables();
    expectDelivered(await attempt(cut));
    await expectOnce();
    // As after a replay: the same records in cuts with other bounds.
    expectDelivered(await attempt(cutOf(all.slice(0, 100), "shop/0/1-100")));
    expectDelivered(await attempt(cutOf(all.slice(50), "shop/0/50-999")));
    await expectOnce();
  });

  it("drops a repetition of a cut by its token, if the table has a deduplication window", async () => {
    await createTables();
    await query("ALTER TABLE tidemark_shop.event_files MODIFY SETTING non_replicated_deduplication_window = 1000");
    await query("SYSTEM STOP MERGES tidemark_shop.event_files");
    const cut = cutOf(events, "shop/0/1-500");
    for (let attempts = 0; attempts < 3; attempts++) expectDelivered(await attempt(cut));
    expect(await count("event_files")).toBe(events.length);
  });

  it("finds a record that the table refuses, and stores the others", async () => {
    await createTables();
    await query("ALTER TABLE tidemark_shop.event_files ADD CONSTRAINT known CHECK seq != 7 OR site = 'other'");
    // The search for several records takes more requests than one attempt has.
    const { outcomes, attempts } = await attemptAtOnce(cutOf(events, "shop/0/1-500"), attempt);
    expect(attempts).toBeGreaterThan(1);
    const isRefused = ({ event }: (typeof events)[number]) => event.seq === 7;
    expect(outcomes.map(({ type }) => type)).toEqual(events.map((each) => (isRefused(each) ? "refused" : "delivered")));
    expect(outcomes.filter(({ type }) => type === "refused").length).toBeGreaterThan(1);
    expect(outcomes).toContainEqual({
      type: "refused",
      reason: "ClickHouse responded with code 469 (VIOLATED_CONSTRAINT)",
    });
    expect(await count("events")).toBe(events.filter((each) => !isRefused(each)).length);
  });

  it("refuses a value that its column cannot hold, and waits for a column that the table lacks", async () => {
    await createTables();
    await query("ALTER TABLE tidemark_shop.event_files MODIFY COLUMN `user_id` Nullable(UInt8)");
    const named = events.filter(({ event }) => event.user_id).slice(0, 1);
    const [refused] = await attempt(cutOf(named, "shop/0/1-1"));
    expect(refused).toEqual({
      type: "refused",
      reason: expect.stringMatching(/^ClickHouse responded with code \d+ \([A-Z_]+\), column user_id$/),
    });
    await query("ALTER TABLE tidemark_shop.event_files DROP COLUMN `user_id`");
    const [lacking] = await attempt(cutOf(named, "shop/0/1-1"));
    expect(lacking).toEqual({
      type: "retry",
      reason:
        "ClickHouse responded with code 117 (INCORRECT_DATA), column user_id: run the statements of tidemark warehouse ddl clickhouse again",
    });
    await runDdl();
    expectDelivered(await attempt(cutOf(named, "shop/0/1-1")));
  });

  it("tries again with a wrong password, and while the server is away", async () => {
    await createTables();
    const cut = cutOf(all, "shop/0/1-999");
    expect(await attempt(cut, { passwordSecret: "WRONG_PASSWORD" })).toContainEqual({
      type: "retry",
      reason:
        "ClickHouse responded with code 516 (AUTHENTICATION_FAILED): correct the setting user, or the password in the secret",
    });
    const sending = attempt(cut);
    await killServer();
    await sending;
    expect(await attempt(cut)).toContainEqual({ type: "retry", reason: "ClickHouse could not be reached" });
    await startServer();
    expectDelivered(await attempt(cut));
    await expectOnce();
  });

  it("returns in time while the server does not answer", async () => {
    server.kill("SIGSTOP");
    const outcomes = await attempt(cutOf(all, "shop/0/1-999"), {}, 500);
    server.kill("SIGCONT");
    expect(outcomes).toContainEqual({ type: "retry", reason: "ClickHouse did not respond in time" });
  });
});
