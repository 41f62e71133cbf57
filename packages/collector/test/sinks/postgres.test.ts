import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { checkPostgres, createPostgresSink, type PostgresSettings, postgres } from "../../src/sinks/postgres.ts";
import type { Cut, SinkRecord } from "../../src/sinks/sink.ts";
import { createFakePostgres } from "./contract/postgres.ts";
import { errorOf } from "./error-of.ts";
import { AT, cutOf, eventRecord } from "./kafka/records.ts";

describe("the settings of a sink of Postgres", () => {
  it("are complete with a secret or a binding", () => {
    expect(errorOf(checkPostgres, { urlSecret: "POSTGRES_URL" })).toBe(undefined);
    expect(errorOf(checkPostgres, { hyperdrive: "HYPERDRIVE", table: "analytics.records" })).toBe(undefined);
    expect(postgres({ urlSecret: "POSTGRES_URL" })).toMatchObject({ type: "postgres", secrets: ["POSTGRES_URL"] });
    expect(postgres({ hyperdrive: "HYPERDRIVE" }).secrets).toEqual([]);
  });

  it.each([
    [{}, 'urlSecret: either urlSecret or hyperdrive, given "neither"'],
    [{ urlSecret: "A", hyperdrive: "B" }, 'urlSecret: either urlSecret or hyperdrive, given "both"'],
    [
      { urlSecret: "postgres://user:hidden@db" },
      "urlSecret: the name of an environment variable, such as POSTGRES_URL",
    ],
    [{ hyperdrive: "hidden" }, "hyperdrive: the name of a binding, such as HYPERDRIVE"],
    [{ urlSecret: "A", table: 'x"; DROP TABLE y' }, "table: a name, or schema.name, of small letters"],
    [{ urlSecret: "A", password: "hidden" }, "password: no fields but urlSecret, hyperdrive, table"],
  ])("have an error for %j", (settings, expected) => {
    const error = errorOf(checkPostgres, settings);
    expect(error).toContain(expected);
    expect(error).not.toContain("hidden");
  });
});

const server = createFakePostgres();

const attempt = async (
  cut: Cut,
  connect = server.connect,
  settings: PostgresSettings = { urlSecret: "POSTGRES_URL" },
  env: object = { POSTGRES_URL: server.address },
) => {
  const context = { env: env as Env, signal: AbortSignal.timeout(20_000), site: "shop", partition: 0 };
  return (await createPostgresSink(settings, connect).attempt(cut, undefined, context)).outcomes;
};

const failing = (fields: object) => async () => ({
  execute: () => Promise.reject(Object.assign(new Error("the message"), { severity: "ERROR", ...fields })),
  close: async () => {},
});

describe("a statement for Postgres", () => {
  it("inserts a row with the record, its id, and the time of its event or of its receipt", async () => {
    const place = { site: "shop", partition: 0, offset: 9, arrival: 9, received_at: AT };
    const drift = { id: "shop/0/9", key: "shop", record: { kind: "drift", ...place, payload: {} } } as SinkRecord;
    const event = eventRecord("s1", 1);
    expect(await attempt(cutOf([event, drift]))).toEqual([{ type: "delivered" }, { type: "delivered" }]);
    expect([...server.rows]).toEqual([
      ["s1/tab1/1", { type: "custom", time: "2026-11-20T08:59:55.000Z", record: { ...event.record, id: "s1/tab1/1" } }],
      ["shop/0/9", { type: null, time: "2026-11-20T09:00:00.000Z", record: { ...drift.record, id: "shop/0/9" } }],
    ]);
    expect(server.open()).toBe(0);
  });

  it("goes through the binding of Hyperdrive", async () => {
    const settings = { hyperdrive: "DATABASE" };
    const cut = cutOf([eventRecord("s2", 1)]);
    const env = { DATABASE: { connectionString: server.address } };
    expect(await attempt(cut, server.connect, settings, env)).toEqual([{ type: "delivered" }]);
    const reason = "the binding DATABASE of Hyperdrive does not exist";
    expect(await attempt(cut, server.connect, settings, {})).toEqual([{ type: "retry", reason }]);
  });

  it.each([
    [{ code: "22P05" }, { type: "refused", reason: "Postgres responded with the error 22P05" }],
    [
      { code: "23514", constraint: "has_user" },
      { type: "refused", reason: "Postgres responded with the error 23514, constraint has_user" },
    ],
    [
      { code: "23502", column: "session_id" },
      { type: "refused", reason: "Postgres responded with the error 23502, column session_id" },
    ],
    [
      { code: "23502", column: "tenant" },
      { type: "retry", reason: "Postgres responded with the error 23502, column tenant" },
    ],
    [{ code: "54000" }, { type: "refused", reason: "Postgres responded with the error 54000" }],
    [{ code: "42P01" }, { type: "retry", reason: "Postgres responded with the error 42P01: the message" }],
    [{ code: "53300" }, { type: "retry", reason: "Postgres responded with the error 53300: the message" }],
    [{ code: "40P01" }, { type: "retry", reason: "Postgres responded with the error 40P01: the message" }],
    [
      { code: "EPIPE", severity: undefined },
      { type: "retry", reason: "the connection to Postgres failed: the message" },
    ],
  ])("has the outcome of its error %j", async (fields, expected) => {
    expect(await attempt(cutOf([eventRecord("s1", 1)]), failing(fields))).toEqual([expected]);
  });

  it("is not sent with a wrong password, which is never a refusal", async () => {
    const env = { POSTGRES_URL: "postgres://writer:hidden@db.example.com/shop" };
    const [outcome] = await attempt(cutOf([eventRecord("s1", 1)]), server.connect, { urlSecret: "POSTGRES_URL" }, env);
    expect(outcome).toEqual({
      type: "retry",
      reason: 'Postgres responded with the error 28P01: password authentication failed for user "writer"',
    });
    const odd = () => Promise.reject(Object.assign(new Error("odd"), { severity: "FATAL", code: "22023" }));
    expect(await attempt(cutOf([eventRecord("s1", 1)]), odd)).toMatchObject([{ type: "retry" }]);
  });
});
