import { defaultFeatures, type Feature } from "@tidemark/schema";
import { type LogFile, rangesOf } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { daysToCompact } from "../../src/log/compact-days.ts";
import { logOf, type TestRecord } from "../log/log-records.ts";
import { ADMIN_KEY, type LogServer, serveLog } from "../log/log-server.ts";
import { deploymentFolder, type Outcome, runTidemark } from "../log/run-tidemark.ts";

const DATE = "2026-10-05";

/** Records of a past day, in several hours and partitions. */
const records = logOf({ features: defaultFeatures, begin: Date.parse(`${DATE}T08:50:00Z`) });

const run = (server: LogServer, ...args: string[]): Promise<Outcome> =>
  runTidemark(deploymentFolder(), [...args, "--url", server.url], { TIDEMARK_ADMIN_KEY: ADMIN_KEY });

/** All events and vectors that a query finds, in no order. */
const contents = async (server: LogServer): Promise<string[]> => {
  const sql = "SELECT to_json(e) AS row FROM events AS e UNION ALL SELECT to_json(v) FROM vectors AS v";
  return (await run(server, "log", "query", sql, "--json")).stdout.split("\n").sort();
};

const written = async (some: readonly TestRecord[] = records): Promise<LogServer> => {
  const server = await serveLog(some);
  for (const share of [0.3, 0.6, 1]) await server.cut(Math.ceil(share * some.length));
  return server;
};

describe("tidemark log compact", () => {
  it("replaces the files of a past day by one for each kind, with the same records", async () => {
    const server = await written();
    const before = await contents(server);
    const files = server.listed();
    const outcome = await run(server, "log", "compact", "--json");
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.json()).toEqual([
      expect.objectContaining({ kind: "event", date: DATE, records: 360, after: 1 }),
      expect.objectContaining({ kind: "vector", date: DATE, records: 6, after: 1 }),
    ]);
    const compacted = server.listed();
    expect([files.length > 6, compacted.length]).toEqual([true, 2]);
    expect(compacted.map(({ name }) => name.replace(/[0-9a-f]{16}/, "…"))).toEqual([
      `kind=event/site=shop/date=${DATE}/hour=all/compacted-…-0.parquet`,
      `kind=vector/site=shop/date=${DATE}/hour=all/compacted-…-0.parquet`,
    ]);
    const times = (some: readonly LogFile[]) => [
      Math.min(...some.map(({ min_time }) => min_time)),
      Math.max(...some.map(({ max_time }) => max_time)),
    ];
    expect(times(compacted)).toEqual(times(files));
    expect(await contents(server)).toEqual(before);
    const verified = await run(server, "log", "verify");
    expect(verified.stdout).toContain("Compared 6 vectors with 360 events of 6 sessions: 0 disagreements.");
    expect(daysToCompact(compacted, Date.now())).toEqual([]);
  });

  it("merges a day again with late files, and prints a table", async () => {
    const server = await serveLog(records);
    await server.cut(200);
    await run(server, "log", "compact");
    await server.cut();
    const { stdout } = await run(server, "log", "compact", "--date", DATE);
    expect(stdout).toMatch(/^2026-10-05 +event +360 +\d+ +1 /m);
    expect((await run(server, "log", "compact")).stdout).toBe("No day before today has files to merge.\n");
    expect(server.listed().map((file) => file.records)).toEqual([360, 6]);
  });

  it("changes nothing when the list changes meanwhile, with a reason", async () => {
    const server = await written();
    server.beforeReplace = async () => {
      delete server.beforeReplace;
      await server.compact();
    };
    const { code, stderr } = await run(server, "log", "compact");
    expect([code, stderr]).toEqual([
      1,
      `The log of ${DATE} has changed meanwhile: some files are not listed any more. Run the command again.\n`,
    ]);
    expect(server.listed().filter(({ name }) => name.includes("/hour=all/"))).toEqual([]);
  });

  it("keeps files whose columns have different types, and names them", async () => {
    const feature = defaultFeatures.find(({ name }) => name === "entry_path") as Feature;
    const changed = { ...feature, aggregate: { type: "count" } } as unknown as Feature;
    const others = defaultFeatures.map((each) => (each === feature ? changed : each));
    const server = await serveLog(records);
    await server.cut(records.length - 3);
    await server.cut(3, others);
    const found = (await run(server, "log", "compact", "--json")).json().find(({ kind }) => kind === "vector");
    expect(found).toMatchObject({ kept: "feature_entry_path: other types in some files" });
  });
});

describe("daysToCompact", () => {
  it("leaves out today, and a day with one file", async () => {
    const server = await written();
    const files = server.listed();
    expect(daysToCompact(files, Date.parse(`${DATE}T23:59:59Z`))).toEqual([]);
    expect(daysToCompact(files.slice(0, 1), Date.now())).toEqual([]);
    expect(daysToCompact(files, Date.now()).map(({ kind }) => kind)).toEqual(["event", "vector"]);
    expect(files.flatMap(rangesOf).length).toBe(files.length);
  });
});
