import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { replay } from "@tidemark/engine";
import { defaultFeatures, type Feature, lifetime } from "@tidemark/schema";
import getPort from "get-port";
import { describe, expect, it, onTestFinished } from "vitest";
import { BEGIN, eventsOf, HOUR_MS, logOf, type TestRecord } from "../log/log-records.ts";
import { ADMIN_KEY, type LogServer, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, MAIN, runTidemark, withoutProgress } from "../log/run-tidemark.ts";

const records = logOf({ features: defaultFeatures });

const query = (server: LogServer, sql: string, { args = [] as string[], folder = deploymentFolder() } = {}) =>
  runTidemark(folder, ["log", "query", sql, "--url", server.url, ...args], { TIDEMARK_ADMIN_KEY: ADMIN_KEY });

const rows = async (...args: Parameters<typeof query>): Promise<Record<string, unknown>[]> => {
  const [server, sql, options = {}] = args;
  const outcome = await query(server, sql, { ...options, args: ["--json", ...(options.args ?? [])] });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome.json();
};

/** Runs `tidemark` with a reader of its output that ends after the first line. */
const pipe = async (folder: string, args: readonly string[]) => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, TIDEMARK_ADMIN_KEY: ADMIN_KEY },
  });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.once("data", (chunk) => {
    stdout = `${`${chunk}`.split("\n")[0]}\n`;
    child.stdout.destroy();
  });
  const [status] = await once(child, "exit");
  return { status, stdout, stderr: withoutProgress(stderr) };
};

const EVENT_IDS = "SELECT event_id FROM events ORDER BY event_id";

const idsOf = (some: readonly TestRecord[]): string[] =>
  eventsOf(some)
    .map(({ session_id, tab_id, seq }) => `${session_id}/${tab_id}/${seq}`)
    .toSorted();

describe("tidemark log query", () => {
  it.each([
    ["the tail", []],
    ["files", [records.length]],
    ["files and the tail", [100, 140]],
  ])("selects each record once from %s", async (_, cuts) => {
    const server = await serveLog(records);
    for (const cut of cuts) await server.cut(cut);
    const folder = deploymentFolder();
    const ids = await rows(server, EVENT_IDS, { folder });
    expect(ids.map(({ event_id }) => event_id)).toEqual(idsOf(records));
    expect(await rows(server, "SELECT count(*) AS vectors FROM vectors", { folder })).toEqual([{ vectors: 6 }]);
  });

  it("selects each record once while the collector writes the tail into files", async () => {
    const server = await serveLog(records);
    await server.cut(100);
    server.afterTail = () => server.cut();
    const ids = await rows(server, EVENT_IDS);
    expect(ids.map(({ event_id }) => event_id)).toEqual(idsOf(records));
  });

  it("selects each record once while only some files of a cut are listed", async () => {
    const server = await serveLog(records);
    server.afterTail = () => server.cut();
    server.isListed = (file) => !("hour" in file) || file.hour !== 9;
    const ids = await rows(server, EVENT_IDS);
    expect(ids.map(({ event_id }) => event_id)).toEqual(idsOf(records));
  });

  it("selects each record once from compacted files, also while the collector writes and merges them", async () => {
    const server = await serveLog(records);
    await server.cut(100);
    await server.cut(140);
    server.afterTail = async () => {
      await server.cut();
      await server.compact();
    };
    const ids = await rows(server, EVENT_IDS);
    expect(ids.map(({ event_id }) => event_id)).toEqual(idsOf(records));
    expect(await rows(server, "SELECT count(*) AS vectors FROM vectors")).toEqual([{ vectors: 6 }]);
    const compacted = await runTidemark(deploymentFolder(), ["log", "files", "--url", server.url], {
      TIDEMARK_ADMIN_KEY: ADMIN_KEY,
    });
    expect(compacted.stdout).toMatch(/^event +2026-11-29 09h +0 1 +\d+ +\d+ .* compacted-\d+\.parquet$/m);
  });

  it("lists the files again when one has been replaced since the list", async () => {
    const server = await serveLog(records);
    await server.cut(100);
    await server.cut();
    let lists = 0;
    server.afterList = () => {
      lists += 1;
      if (lists === 1) void server.compact();
    };
    const ids = await rows(server, EVENT_IDS);
    expect(ids.map(({ event_id }) => event_id)).toEqual(idsOf(records));
    expect(lists).toBe(2);
  });

  it("has the fields of events as columns, from files as from the tail", async () => {
    const event = eventsOf(records).find(({ type }) => type === "custom") as { time: number; properties: object };
    const sql = `SELECT epoch_ms(time) AS ms, time, type, properties, target_path, view_path, clicked FROM events WHERE epoch_ms(time) = ${event.time} AND type = 'custom'`;
    const server = await serveLog(records);
    const expected = {
      ...{ ms: event.time, time: new Date(event.time).toISOString(), type: "custom" },
      ...{ properties: event.properties, target_path: null, clicked: null },
      view_path: expect.stringMatching(/^\/articles/),
    };
    expect(await rows(server, sql)).toEqual([expected]);
    await server.cut();
    expect(await rows(server, sql)).toEqual([expected]);
  });

  it.each(["line \u2028 paragraph \u2029 return \r feed \n end", "\ud83d half of a pair", "x€".repeat(100_000)])(
    "reads any text, from files as from the tail: %#",
    async (title) => {
      const [first] = records as [TestRecord];
      const event = {
        ...(first.event as { view: object }),
        view: { ...(first.event as { view: object }).view, title },
      };
      const server = await serveLog([{ ...first, event }]);
      const sql = "SELECT view_title, rest IS NULL AS is_exact FROM events";
      const isExact = !title.startsWith("\ud83d");
      const expected = [{ view_title: title.replace("\ud83d", "\ufffd"), is_exact: isExact }];
      expect(await rows(server, sql)).toEqual(expected);
      await server.cut();
      expect(await rows(server, sql)).toEqual(expected);
    },
  );

  it("has the features of each entity as of its latest event", async () => {
    const server = await serveLog(records);
    await server.cut(200);
    const expected = replay(eventsOf(records), defaultFeatures);
    for (const entity of ["session", "user", "page"]) {
      const own = expected.filter((each) => each.entity === entity);
      const vectors = new Map((await rows(server, `FROM features_${entity}`)).map((row) => [row.id, row]));
      expect([...vectors.keys()].toSorted()).toEqual(own.map(({ id }) => id).toSorted());
      for (const { id, state, features } of own) {
        const names = defaultFeatures.filter((each) => each.entity === entity && isExact(each)).map(({ name }) => name);
        const pick = (vector: object | undefined) =>
          Object.fromEntries(names.map((name) => [name, vector?.[name as never]]));
        expect(pick(vectors.get(id))).toEqual(pick(features));
        expect(vectors.get(id)?.as_of).toBe((state.event_time as number) + 1);
      }
    }
  });

  it("has the features of vectors as columns, and lists as JSON", async () => {
    const server = await serveLog(records);
    const sql = "SELECT feature_event_count, feature_entry_path, feature_recent_paths FROM vectors ORDER BY id";
    const served = records
      .filter(({ kind }) => kind === "vector")
      .map(({ features }) => features as Record<string, unknown>);
    const expected = served.map(({ event_count, entry_path, recent_paths }) => ({
      ...{ feature_event_count: event_count, feature_entry_path: entry_path },
      feature_recent_paths: recent_paths,
    }));
    expect(await rows(server, sql)).toEqual(expected);
    await server.cut(records.length - 3);
    expect(await rows(server, sql)).toEqual(expected);
  });

  it("reads only the files of a period, and only its records", async () => {
    const server = await serveLog(records);
    await server.cut();
    const [from, to] = [BEGIN + HOUR_MS / 3, BEGIN + HOUR_MS];
    const args = ["--from", new Date(from).toISOString(), "--to", new Date(to).toISOString()];
    const [row] = await rows(server, "SELECT count(*) AS events, max(epoch_ms(time)) AS latest FROM events", { args });
    const inside = eventsOf(records)
      .map(({ time }) => time)
      .filter((time) => time >= from && time < to);
    expect(row).toEqual({ events: inside.length, latest: Math.max(...inside) });
    const hours = server.requests.map((request) => /kind=event.*hour=(\d\d)/.exec(decodeURIComponent(request))?.[1]);
    expect(new Set(hours)).toEqual(new Set([undefined, "09"]));
  });

  it("downloads a file once, and again when another one has its name", async () => {
    const server = await serveLog(records);
    const folder = deploymentFolder();
    const downloads = () => server.requests.filter((request) => request.includes(".parquet")).length;
    await server.cut();
    await rows(server, EVENT_IDS, { folder });
    const first = downloads();
    await rows(server, EVENT_IDS, { folder });
    expect([first > 3, downloads()]).toEqual([true, first]);

    server.reset(logOf({ features: defaultFeatures, begin: BEGIN + 1 }));
    await server.cut();
    expect(await rows(server, "SELECT count(*) AS events FROM events", { folder })).toEqual([{ events: 360 }]);
    expect(downloads()).toBe(2 * first);
  });

  it("keeps no file that has expired in the log", async () => {
    const server = await serveLog(records);
    const folder = deploymentFolder();
    const cached = () => globSync("**/*.parquet", { cwd: join(folder, ".wrangler/tidemark-log") });
    await server.cut();
    await rows(server, EVENT_IDS, { folder });
    const all = cached().length;
    expect(all).toBeGreaterThan(3);
    await query(server, EVENT_IDS, { folder, args: ["--from", "2026-11-30"] });
    expect(cached().length).toBe(all);
    server.reset([]);
    await query(server, EVENT_IDS, { folder });
    expect(cached()).toEqual([]);
  });

  it("prints a table for people, with wide values cut", async () => {
    const server = await serveLog();
    const sql = "SELECT 1 AS n, repeat('wide ', 20) AS text, NULL AS nothing UNION ALL SELECT 20, 'b', NULL ORDER BY n";
    const { stdout } = await query(server, sql);
    expect(stdout).toBe(
      [
        ` n  ${"text".padEnd(60)}  nothing`,
        `--  ${"-".repeat(60)}  -------`,
        ` 1  ${"wide ".repeat(12).slice(0, 59)}…`,
        "20  b",
        "",
      ].join("\n"),
    );
  });

  it("leaves out empty columns of a wide table, and rows from the 101st on, and says so", async () => {
    const server = await serveLog(records);
    const { stdout, stderr } = await query(server, "FROM events");
    expect(stdout.split("\n")[0]).toMatch(/^event_id +type +time +site +partition +offset +arrival /);
    expect(stdout.split("\n")[0]).not.toMatch(/traits/);
    expect(stdout.split("\n").length).toBe(100 + 3);
    expect(stderr).toMatch(
      /^\d\d columns without a value are left out\.\n260 more rows; --json prints all of them\.\n$/,
    );
  });

  it("prints values as JSON", async () => {
    const server = await serveLog(records);
    const sql = `SELECT 1::HUGEINT AS whole, 9007199254740993 AS large, [1.5] AS list, {'a': '{"b":1}'::JSON} AS struct, 'x'::BLOB AS bytes,
      DATE '2026-11-29' AS date, TIMESTAMP '2026-11-29 09:00:00' AS time, true AS flag, 'nan'::DOUBLE AS nan, '{"c":[2]}'::JSON AS json`;
    expect(await rows(server, sql)).toEqual([
      {
        ...{ whole: 1, large: "9007199254740993", list: [1.5], struct: { a: '{"b":1}' }, bytes: "78" },
        ...{ date: "2026-11-29", time: "2026-11-29T09:00:00.000Z", flag: true, nan: "NaN", json: { c: [2] } },
      },
    ]);
  });

  it("ends quietly when its reader has enough rows", async () => {
    const { url } = await serveLog(records);
    const { status, stdout, stderr } = await pipe(deploymentFolder(), [
      ...["log", "query", "SELECT range AS n FROM range(100000)", "--json", "--url", url],
    ]);
    expect([status, stdout, stderr]).toEqual([0, '{"n":0}\n', ""]);
  });

  it("runs several statements, and prints the result of the last one", async () => {
    const server = await serveLog(records);
    const sql = "CREATE TABLE clicks AS FROM events WHERE type = 'click'; SELECT count(*) > 5 AS some FROM clicks";
    expect(await rows(server, sql)).toEqual([{ some: true }]);
  });

  it("computes features of another site's definitions, also of lists of numbers and custom entities", async () => {
    const named = { description: "Prices.", unit: "price", source: "custom" } as const;
    const features: Feature[] = [
      {
        ...named,
        name: "prices",
        entity: "session",
        aggregate: { type: "last_n", field: "properties.price", n: 3 },
        window: lifetime(),
      },
      {
        ...named,
        name: "bought",
        entity: { name: "product", field: "properties.price" },
        aggregate: { type: "count" },
        window: lifetime(),
      },
    ];
    const server = await serveLog(records);
    const folder = deploymentFolder(configWith(JSON.stringify(features)));
    const expected = replay(eventsOf(records), features);
    const sessions = await rows(server, "SELECT id, prices FROM features_session ORDER BY id", { folder });
    const own = expected.filter(({ entity }) => entity === "session").toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(sessions).toEqual(own.map(({ id, features }) => ({ id, ...features })));
    const products = await rows(server, "SELECT id, bought FROM features_product ORDER BY id", { folder });
    expect(products.length).toBe(expected.filter(({ entity }) => entity === "product").length);
  });
});

/** Whether SQL computes a feature exactly for few events. */
const isExact = (feature: Feature): boolean =>
  !("aggregate" in feature && ["decayed_count", "quantile"].includes(feature.aggregate.type)) &&
  !("derive" in feature && /p50|p75|p90|activity/.test(JSON.stringify(feature.derive)));

describe("tidemark log query says what to do", () => {
  const run = (args: string[], env: NodeJS.ProcessEnv = {}, folder = deploymentFolder()) =>
    runTidemark(folder, ["log", "query", ...args], env);

  it("when no collector runs in the folder", async () => {
    const { code, stderr } = await run(["SELECT 1"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^No collector runs in .+ Start one with tidemark dev, or name one with --url <url> or TIDEMARK_URL\.\n$/,
      ),
    ]);
  });

  it("when no collector responds", async () => {
    const { code, stderr } = await run(["SELECT 1", "--url", `http://127.0.0.1:${await getPort()}`]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^No collector responds at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    ]);
  });

  it("when the key is unknown or wrong", async () => {
    const unknown = await run(["SELECT 1", "--url", "https://collector.example"]);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("Set TIDEMARK_ADMIN_KEY to the value of its secret ADMIN_KEY."),
    ]);
    const { url } = await serveLog();
    const wrong = await run(["SELECT 1"], { TIDEMARK_URL: url, TIDEMARK_ADMIN_KEY: "wrong" });
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining("rejected the operator's key. Set TIDEMARK_ADMIN_KEY to the value of the secret"),
    ]);
  });

  it("when the site has no log", async () => {
    const { url } = await serveLog();
    const folder = deploymentFolder(
      configWith("defaultFeatures").replace('"shop"', '"blog"').replace("tm_shop", "tm_blog"),
    );
    const { code, stderr } = await run(["SELECT 1", "--url", url], { TIDEMARK_ADMIN_KEY: ADMIN_KEY }, folder);
    expect([code, stderr]).toEqual([1, "Site blog has no log: add log: { days: 30 } to it in tidemark.config.ts.\n"]);
  });

  it("when the collector has no such routes", async () => {
    const { url } = await serveLog();
    const { code, stderr } = await run(["SELECT 1", "--url", `${url}/elsewhere/`], { TIDEMARK_ADMIN_KEY: ADMIN_KEY });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("If the collector has an earlier version or configuration, deploy it again."),
    ]);
  });

  it("when the query is wrong, with its place", async () => {
    const server = await serveLog();
    const { code, stderr } = await query(server, "SELECT type,\n  cuont(*) FROM events");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^Catalog Error: .*cuont.*LINE 2: {3}cuont\(\*\) FROM events\n +\^/s),
    ]);
  });

  it.each([
    ["SELEC 1", /^Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n +\^\n$/],
    ["SELECT 'open", /^Parser Error: unterminated quoted string/],
    ["", /^Expected a SQL statement; given ""\.\n$/],
    [" ; ", /^Expected a SQL statement; given " ; "\.\n$/],
    ["/* nothing */", /^Expected a SQL statement; given "\/\* nothing \*\/"\.\n$/],
  ])("when the query is no statement: %j", async (sql, message) => {
    const { code, stdout, stderr } = await query(await serveLog(), sql);
    expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(message)]);
  });

  it("when another program responds at the address", async () => {
    const server = createServer((_, response) => response.writeHead(404).end("<h1>Not here</h1>"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await run(["SELECT 1", "--url", url], { TIDEMARK_ADMIN_KEY: ADMIN_KEY });
    expect([code, stderr]).toEqual([
      1,
      `${url} does not respond as a collector: 404 "<h1>Not here</h1>". Check --url or TIDEMARK_URL.\n`,
    ]);
  });

  it("when the query has no rows of many columns", async () => {
    const { stdout, stderr } = await query(await serveLog(records), "FROM events WHERE false");
    expect([stdout, stderr]).toEqual(["", "No rows.\n"]);
  });

  it("when a downloaded file is damaged, unless it has another size and is downloaded again", async () => {
    const server = await serveLog(records);
    await server.cut();
    const folder = deploymentFolder();
    await rows(server, EVENT_IDS, { folder });
    const [file] = globSync(join(folder, ".wrangler/tidemark-log/**/*.parquet"));
    const size = statSync(file as string).size;
    writeFileSync(file as string, "damaged");
    expect(await rows(server, EVENT_IDS, { folder })).toHaveLength(eventsOf(records).length);
    writeFileSync(file as string, "x".repeat(size));
    const { code, stderr } = await query(server, "SELECT 1", { folder });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^A downloaded file of the log cannot be read: .*\.parquet'\. Remove .+tidemark-log.+ and run the command again\. If it fails again, the file in the bucket is damaged\.\n$/,
      ),
    ]);
  });

  it("when the log is empty", async () => {
    const server = await serveLog();
    const { code, stdout, stderr } = await query(server, "SELECT count(*) AS events FROM events");
    expect([code, stdout, stderr]).toEqual([
      0,
      "events\n------\n     0\n",
      "The log of site shop has no records yet.\n",
    ]);
  });

  it("when a download is cut off", async () => {
    const server = await serveLog(records);
    await server.cut();
    server.cutOff = true;
    const { code, stderr } = await query(server, "SELECT 1");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/\.parquet: .*Run the command again\.\n$/)]);
  });

  it.each(["tail", "file"] as const)("when the connection breaks within a %s", async (route) => {
    const server = await serveLog(records);
    if (route === "file") await server.cut();
    server.breakWithin = route;
    const { code, stderr } = await query(server, "SELECT 1");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^The connection to http:\/\/127\.0\.0\.1:\d+ broke: .+\. Run the command again\.\n$/),
    ]);
  });

  it("when a listed file is missing", async () => {
    const server = await serveLog(records);
    await server.cut();
    server.isMissing = true;
    const { code, stderr } = await query(server, "SELECT 1");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /responded 404: .* It has expired, or was removed from the bucket\. Run the command again\.\n$/,
      ),
    ]);
  });

  it.each([
    [[], "expects one argument, the query in quotes; given 0."],
    [["SELECT", "1"], "expects one argument, the query in quotes; given 2."],
    [
      ["SELECT 1", "--from", "yesterday"],
      '--from expects a date or a time, such as 2026-11-29 or 2026-11-29T09:30Z; given "yesterday".',
    ],
    [["SELECT 1", "--from", "2026-02-30"], 'given "2026-02-30".'],
    [["SELECT 1", "--to", "2026-02-30T10:00Z"], 'given "2026-02-30T10:00Z".'],
    [["SELECT 1", "--from", "2026-11-29", "--to", "2026-11-29"], "--from must be before --to"],
  ])("when the command line is wrong: %j", async (args, message) => {
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it("when it must know the site", async () => {
    const site = (id: string) =>
      `{ id: "${id}", key: "tm_${id}_aaaaaaaa", origins: ["https://a.example"], readKeySecret: "${id.toUpperCase()}_KEY" }`;
    const two = `export default { sites: [${site("shop")}, ${site("blog")}], adminKeySecret: "ADMIN_KEY", features: [] };`;
    const folder = deploymentFolder(two);
    const { code, stderr } = await run(["SELECT 1"], {}, folder);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--site is needed: tidemark.config.ts has shop, blog."),
    ]);
    const unknown = await run(["SELECT 1", "--site", "news"], {}, folder);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      "--site: tidemark.config.ts has no site news; expected shop, blog.\n",
    ]);
  });
});
