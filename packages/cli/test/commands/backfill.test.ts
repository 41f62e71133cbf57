import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { asOf, type LoggedEvent, replay } from "@tidemark/engine";
import { defaultFeatures, type Feature, type FeatureValue, goalFeatures, lifetime } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { backfill as writeBackfill } from "../../src/log/backfill.ts";
import { replayReasons } from "../../src/log/feature-engines.ts";
import { openLog } from "../../src/log/open-log.ts";
import { BEGIN, eventsOf, HOUR_MS, logOf, type TestRecord } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const records = logOf({ features: defaultFeatures });
const events = eventsOf(records);

const named = { description: "Added today.", unit: "any" } as const;
const added: Feature[] = [
  {
    ...named,
    name: "prices",
    entity: "session",
    source: "custom",
    aggregate: { type: "last_n", field: "properties.price", n: 3 },
    window: lifetime(),
  },
  {
    ...named,
    name: "positions",
    entity: "session",
    source: "click",
    aggregate: { type: "last_n", field: "x", n: 4 },
    window: lifetime(),
  },
  {
    ...named,
    name: "last_price",
    entity: "user",
    source: "custom",
    aggregate: { type: "last", field: "properties.price" },
    window: lifetime(),
  },
  {
    ...named,
    name: "engaged_step",
    entity: "user",
    source: "dwell",
    aggregate: { type: "quantile", field: "engaged_delta_ms", q: 0.5 },
    window: lifetime(),
  },
  {
    ...named,
    name: "bought",
    entity: { name: "product", field: "properties.price" },
    source: "custom",
    aggregate: { type: "count" },
    window: lifetime(),
  },
  ...goalFeatures([{ name: "sold", source: "custom", value: "properties.price" }]),
];
const features: readonly Feature[] = [...defaultFeatures, ...added];

/** Runs a backfill of a log, of which a half is in files, and returns its files by entity. */
const backfill = async (log: readonly TestRecord[], ...args: string[]) => {
  const server = await serveLog(log);
  await server.cut(log.length / 2);
  const folder = deploymentFolder(configWith(`[...defaultFeatures, ...${JSON.stringify(added)}]`));
  const outcome = await runTidemark(folder, ["backfill", "--out", "out", "--url", server.url, "--json", ...args], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return { folder, lines: outcome.json(), vectors: await read(join(folder, "out")) };
};

/** The rows of all files, by entity and id. */
const read = async (out: string): Promise<Map<string, Record<string, unknown>>> => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const vectors = new Map<string, Record<string, unknown>>();
  for (const entity of readdirSync(out)) {
    const result = await connection.runAndReadAll(`FROM read_parquet('${join(out, entity)}/*.parquet')`);
    for (const row of result.getRowObjectsJS()) vectors.set(`${entity} ${row.id}`, row);
  }
  instance.closeSync();
  return vectors;
};

/** Names of features whose values are JSON text in the files: lists, and values of any kind. */
const asText = new Set(["last_price"]);

const fileValue = (name: string, value: FeatureValue | undefined) =>
  value === undefined || value === null
    ? null
    : Array.isArray(value) || asText.has(name)
      ? JSON.stringify(value)
      : value;

const rowOf = (id: string, as_of: number, vector: Record<string, FeatureValue>) => ({
  ...{ id, as_of: BigInt(as_of) },
  ...Object.fromEntries(Object.entries(vector).map(([name, value]) => [name, fileValue(name, value)])),
});

const replayed = (some: readonly LoggedEvent[]): Map<string, object> =>
  new Map(
    replay(some, features).map(({ entity, id, state, features: vector }) => [
      `${entity} ${id}`,
      rowOf(id, (state.event_time as number) + 1, vector),
    ]),
  );

describe("tidemark backfill", () => {
  it.each([[], ["--engine", "replay"]])(
    "writes all features as a replay of the log has them, bit for bit %j",
    async (...args) => {
      const { vectors, lines } = await backfill(records, ...args);
      expect(vectors).toEqual(replayed(events));
      const engines = Object.fromEntries(lines.map(({ feature, engine, reason }) => [feature, `${engine}: ${reason}`]));
      const isReplay = args.length > 0;
      expect(engines).toMatchObject({
        event_count: isReplay ? "replay: null" : "sql: null",
        page_count: "replay: the collector estimates more than 128 distinct values",
        page_return_count: "replay: reads page_count",
      });
      expect(lines).toContainEqual({ file: join("out", "session", "00.parquet"), entity: "session", rows: 6 });
    },
  );

  it("writes the vectors that the collector served", async () => {
    const { vectors } = await backfill(records);
    for (const { id, features: served } of records.filter(({ kind }) => kind === "vector"))
      expect(vectors.get(`session ${id}`)).toMatchObject(
        rowOf("", 0, served as never) &&
          Object.fromEntries(
            Object.entries(served as Record<string, FeatureValue>).map(([name, value]) => [
              name,
              fileValue(name, value),
            ]),
          ),
      );
  });

  it("computes all features by SQL with --engine sql", async () => {
    const { vectors, lines } = await backfill(records, "--engine", "sql");
    expect(new Set(lines.filter(({ feature }) => feature).map(({ engine }) => engine))).toEqual(new Set(["sql"]));
    expect([...vectors.keys()].toSorted()).toEqual([...replayed(events).keys()].toSorted());
  });

  it("leaves out repeated events, and events that are too late", async () => {
    const [first, last] = [events[0], events.at(-1)] as [LoggedEvent, LoggedEvent];
    const common = { ...(records[0] as TestRecord), received_at: BEGIN + 3 * HOUR_MS, partition: 0 };
    const late = { ...last, seq: last.seq + 1, time: last.time - 86_405_001, type: "error" } as LoggedEvent;
    const more = [
      { ...common, offset: 90_000, arrival: 100, event: first },
      { ...common, partition: 1, offset: 90_000, arrival: 100, event: late },
    ];
    expect((await backfill([...records, ...more])).vectors).toEqual(replayed(events));
  });

  it("writes the entities with events in a period, as of its end, from all earlier events", async () => {
    const [from, to] = [BEGIN + HOUR_MS, BEGIN + HOUR_MS + 20_000];
    const args = ["--from", new Date(from).toISOString(), "--to", new Date(to).toISOString()];
    const { vectors } = await backfill(records, ...args);
    const expected = [...replayed(events.filter(({ time }) => time < to))].filter(
      ([, row]) => Number((row as { as_of: bigint }).as_of) > from,
    );
    expect(expected.length).toBeGreaterThan(2);
    expect(vectors).toEqual(new Map(expected));
    const session = vectors.get([...vectors.keys()].find((key) => key.startsWith("session")) ?? "");
    const spine = [{ entity: "session", id: session?.id as string, as_of: Number(session?.as_of) }];
    expect(session).toMatchObject({ event_count: asOf(events, features, spine)[0]?.event_count });
  });

  it("computes each entity in one part, whatever the number of parts and the time of identification", async () => {
    // A visitor without a user id is identified within a page view: the parts of both ids read the growth of its totals.
    const identified = records.map((record): TestRecord => {
      const event = record.event as LoggedEvent | undefined;
      if (!event || record.arrival <= 30) return record;
      return { ...record, event: { user_id: `user of ${event.session_id}`, ...event } };
    });
    const server = await serveLog(identified);
    const folder = temporaryFolder();
    const address = { url: server.url, adminKey: ADMIN_KEY };
    const log = await openLog({ folder }, address, { id: "shop", features });
    const replayedNames = new Set(replayReasons(features).keys());
    const out = join(folder, "out");
    const options = { features, replayed: replayedNames, range: {}, out, partEvents: 100, onPart: () => {} };
    const files = await writeBackfill(log.database, options);
    log.close();
    const own = files.filter(({ entity }) => entity === "page");
    expect(own.map(({ path }) => path)).toEqual(
      ["00", "01", "02", "03"].map((part) => join(out, "page", `${part}.parquet`)),
    );
    expect(own.filter(({ rows }) => rows > 0).length).toBeGreaterThan(1);
    expect(await read(out)).toEqual(replayed(eventsOf(identified)));
  });

  it("writes no file into a folder that has files", async () => {
    const { folder } = await backfill(records);
    const { code, stderr } = await runTidemark(folder, ["backfill", "--out", "out"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^--out: expected an empty or a new folder; .*out has 4 files\.\n$/),
    ]);
  });

  it.each([
    [[], "tidemark backfill needs --out <folder>."],
    [["--out", "out", "--engine", "spark"], '--engine expects sql or replay; given "spark".'],
  ])("rejects a wrong command line: %j", async (args, message) => {
    const { code, stderr } = await runTidemark(deploymentFolder(), ["backfill", ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
