import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { attemptIn, eventsIn, expectDelivered, idOf, logRecords, type TestCut } from "./attempt-in-worker.ts";
import { type PostgresServer, startPostgres } from "./postgres/postgres-server.ts";

const DOCS = readFileSync(new URL("../../docs/sinks.md", import.meta.url), "utf8");

/** The statement of docs/sinks.md that creates the table. */
const CREATE_TABLE = /CREATE TABLE tidemark_records \([^;]*;/.exec(DOCS)?.[0] ?? "";

let server: PostgresServer;
let worker: Workerd;
/** A server that accepts connections, and does not answer. */
const silent = createServer((socket) => sockets.push(socket));
const sockets: Socket[] = [];

/**
 * @shows a Worker writes to Postgres, with TLS and without; the table has each record once, through repetitions and kills of the server
 * @needs openssl, and Postgres 12 or later, which root installs with apt-get
 */
beforeAll(async () => {
  server = await startPostgres();
  console.log(server.version);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const secrets = {
    PLAIN_URL: server.address(),
    TLS_URL: `${server.address()}?sslmode=require`,
    WRONG_URL: server.address("wrong"),
    NO_URL: "db.example.com",
    SILENT_URL: `postgres://writer:secret@127.0.0.1:${(silent.address() as AddressInfo).port}/postgres`,
  };
  const differences = { objects: [], authorities: [server.authority] };
  worker = await startWorkerd(new URL("workers/attempt.ts", import.meta.url), secrets, {}, differences);
});
afterAll(async () => {
  await worker?.remove();
  for (const socket of sockets) socket.destroy();
  silent.close();
  await server?.stop();
});

const attempt = (cut: TestCut, urlSecret = "PLAIN_URL", timeMs = 20_000, more: object = {}) =>
  attemptIn(worker, { target: "postgres", settings: { urlSecret, ...more }, cut, timeMs });

const all = logRecords();
const events = eventsIn(all);

const cutOf = (records: TestCut["records"], id = "shop/0/1-999"): TestCut => ({ id, records });

const createTable = async () => {
  await server.query("DROP TABLE IF EXISTS tidemark_records");
  await server.query(CREATE_TABLE);
};

const expectOnce = async (records = all): Promise<void> => {
  const rows = await server.query("SELECT * FROM tidemark_records");
  const expected = records.map((record) => ({
    ...{ event_id: idOf(record), kind: record.kind, received_at: new Date(record.received_at) },
    ...(record.kind === "event"
      ? { type: record.event.type, session_id: record.event.session_id, time: new Date(record.event.time) }
      : { type: null, session_id: record.session_id, time: new Date(record.received_at) }),
    record: { ...record, id: idOf(record) },
  }));
  const byId = (one: Record<string, unknown>, other: Record<string, unknown>) =>
    `${one.event_id}` < `${other.event_id}` ? -1 : 1;
  expect(rows.toSorted(byId)).toEqual(expected.toSorted(byId));
};

/** Connections of the sink that are open. */
const connections = async (): Promise<unknown> => {
  const [row] = await server.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'tidemark'",
  );
  return row?.n;
};

/** Statements of the sink that a trigger has stopped. */
const paused = async (): Promise<number> =>
  (await server.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'tidemark' AND wait_event = 'PgSleep'"))
    .length;

describe("a sink of Postgres in a Worker", { timeout: 120_000 }, () => {
  it.each(["PLAIN_URL", "TLS_URL"])(
    "writes each record once, with all values, whatever is sent again, by %s",
    async (url) => {
      await createTable();
      expectDelivered(await attempt(cutOf(all), url));
      await expectOnce();
      expectDelivered(await attempt(cutOf(all), url));
      expectDelivered(await attempt(cutOf(all.slice(50)), url));
      await expectOnce();
      await expect.poll(connections).toBe(0);
    },
  );

  it("uses TLS if the address says so", async () => {
    await server.query("ALTER SYSTEM SET log_connections = on");
    await createTable();
    const used =
      "CREATE OR REPLACE FUNCTION used_tls() RETURNS boolean LANGUAGE sql AS 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'";
    await server.query(used);
    await server.query("ALTER TABLE tidemark_records ADD COLUMN by_tls boolean DEFAULT used_tls()");
    expectDelivered(await attempt(cutOf(all.slice(0, 1)), "PLAIN_URL"));
    expectDelivered(await attempt(cutOf(all.slice(1, 2)), "TLS_URL"));
    const rows = await server.query("SELECT by_tls FROM tidemark_records ORDER BY by_tls");
    expect(rows).toEqual([{ by_tls: false }, { by_tls: true }]);
  });

  it("finds records that the table refuses, and stores the others", async () => {
    await createTable();
    const texts = ["\0", "\ud800", "a\\b'\"{},\n𝔸", "NULL", ""];
    const records = events.slice(0, 100).map((record, index) => {
      const text = texts[index % 20];
      return text === undefined ? record : { ...record, event: { ...record.event, properties: { text } } };
    });
    const outcomes = await attempt(cutOf(records));
    expect(outcomes.map(({ type }) => type)).toEqual(
      records.map((_, index) => (index % 20 < 2 ? "refused" : "delivered")),
    );
    expect(outcomes.slice(0, 2).map(({ reason }) => reason)).toEqual([
      "Postgres responded with the error 22P05",
      "Postgres responded with the error 22P02",
    ]);
    await expectOnce(records.filter((_, index) => index % 20 >= 2));
  });

  it("tries again without the table, with a wrong password or address, and names the reason", async () => {
    const cut = cutOf(all.slice(0, 3));
    const reasons: unknown[] = [];
    await server.query("DROP TABLE IF EXISTS tidemark_records");
    for (const url of ["PLAIN_URL", "WRONG_URL", "NO_URL", "ABSENT_URL"]) {
      const outcomes = await attempt(cut, url);
      expect(outcomes.map(({ type }) => type)).toEqual(["retry", "retry", "retry"]);
      reasons.push(outcomes[0]?.reason);
    }
    expect(reasons).toEqual([
      'Postgres responded with the error 42P01: relation "tidemark_records" does not exist',
      'Postgres responded with the error 28P01: password authentication failed for user "writer"',
      expect.stringMatching(/^the connection to Postgres failed: .*address/),
      "the secret ABSENT_URL is not set",
    ]);
    await createTable();
    expectDelivered(await attempt(cut));
  });

  it("returns in time when the server does not answer", async () => {
    expect(await attempt(cutOf(all.slice(0, 1)), "SILENT_URL", 500)).toEqual([
      { type: "retry", reason: "Postgres did not respond in time" },
    ]);
  });

  it("returns in time when a statement waits for a lock, and closes the connection", async () => {
    await createTable();
    const locked = server.query("BEGIN; LOCK TABLE tidemark_records; SELECT pg_sleep(3)");
    await expect
      .poll(
        async () => (await server.query("SELECT 1 FROM pg_locks WHERE relation = 'tidemark_records'::regclass")).length,
      )
      .toBe(1);
    expect(await attempt(cutOf(all.slice(0, 1)), "PLAIN_URL", 500)).toEqual([
      { type: "retry", reason: "Postgres did not respond in time" },
    ]);
    await locked;
    await expect.poll(connections).toBe(0);
    expectDelivered(await attempt(cutOf(all)));
    await expectOnce();
  });

  it("loses nothing and stores nothing twice through ten kills of the server", async () => {
    await createTable();
    const pause = "BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END";
    await server.query(`CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS '${pause}'`);
    let answered = 0;
    for (let kill = 0; kill < 10; kill++) {
      const cut = cutOf(all.slice(kill * 30, (kill + 1) * 30 + 10));
      // Every second kill falls into the statement, before or after it has written its rows.
      const isInStatement = kill % 2 === 0;
      await server.query("DROP TRIGGER IF EXISTS pause ON tidemark_records");
      const moment = kill % 4 === 0 ? "BEFORE" : "AFTER";
      if (isInStatement)
        await server.query(
          `CREATE TRIGGER pause ${moment} INSERT ON tidemark_records FOR EACH STATEMENT EXECUTE FUNCTION pause()`,
        );
      const sending = attempt(cut).then((outcomes) => outcomes.every(({ type }) => type === "delivered"));
      if (isInStatement) await expect.poll(paused, { interval: 1 }).toBe(1);
      // At another moment each time: from before the connection to after the answer.
      else for (let turn = 0; turn < kill / 2; turn++) await server.query("SELECT 1").catch(() => {});
      await server.kill();
      const wasAnswered = await sending;
      if (wasAnswered) answered += 1;
      if (isInStatement) expect(wasAnswered).toBe(false);
      await server.restart();
      expectDelivered(await attempt(cut));
    }
    console.log(`${answered} of 10 attempts were answered before the kill`);
    await expectOnce(all.slice(0, 310));
  });
});
