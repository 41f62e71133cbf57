import { defineFeatures, session } from "@tidemark/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import {
  type ClickhouseSettings,
  checkClickhouse,
  clickhouse,
  createClickhouseSink,
} from "../../src/sinks/clickhouse.ts";
import type { Cut, SinkOutcome, SinkRecord } from "../../src/sinks/sink.ts";
import { startFakeClickhouse } from "./contract/clickhouse.ts";
import { errorOf } from "./error-of.ts";
import { AT, cutOf, eventRecord } from "./kafka/records.ts";

const GOOD: ClickhouseSettings = { url: "https://db.example.com:8443", passwordSecret: "CLICKHOUSE_PASSWORD" };

describe("the settings of a sink of ClickHouse", () => {
  it("are complete with an address and a secret", () => {
    expect(errorOf(checkClickhouse, GOOD)).toBe(undefined);
    const all = { ...GOOD, url: "http://127.0.0.1:8123", database: "events", user: "writer" };
    expect(errorOf(checkClickhouse, all)).toBe(undefined);
    expect(clickhouse(GOOD)).toMatchObject({ type: "clickhouse", secrets: ["CLICKHOUSE_PASSWORD"] });
  });

  it.each([
    [{ ...GOOD, url: "http://db.example.com:8123" }, "url: an address that begins with https://"],
    [{ ...GOOD, url: "https://user:hidden@db.example.com" }, "url: an address that begins with https://"],
    [{ ...GOOD, url: "https://db.example.com/?password=hidden" }, "url: an address that begins with https://"],
    [{ ...GOOD, database: "a`b" }, 'database: a name of letters, digits and underscores, given "a`b"'],
    [{ ...GOOD, user: "" }, "user: the name of a user"],
    [{ ...GOOD, passwordSecret: "hidden-password" }, "passwordSecret: the name of an environment variable"],
    [{ url: GOOD.url }, "passwordSecret: the name of an environment variable"],
    [{ ...GOOD, table: "events" }, "table: no fields but url, database, user, passwordSecret"],
  ])("have an error for %j", (settings, expected) => {
    const error = errorOf(checkClickhouse, settings);
    expect(error).toContain(expected);
    expect(error).not.toContain("hidden");
  });
});

const attempt = async (
  url: string,
  cut: Cut,
  { features = [], settings = {} }: { features?: Parameters<typeof createClickhouseSink>[1]; settings?: object } = {},
): Promise<SinkOutcome[]> => {
  const sink = createClickhouseSink({ url, user: "writer", passwordSecret: "PASSWORD", ...settings }, features);
  const env = { PASSWORD: "secret of the writer" } as unknown as Env;
  const context = { env, signal: AbortSignal.timeout(20_000), site: "shop", partition: 0 };
  return (await sink.attempt(cut, undefined, context)).outcomes;
};

describe("a request to ClickHouse", () => {
  let server: Awaited<ReturnType<typeof startFakeClickhouse>>;
  beforeEach(async () => {
    server = await startFakeClickhouse();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.stop();
  });

  it("has the rows of the log's files, and the cut's id as its token", async () => {
    const event = { properties: { total: 12.5 }, view: { path: "/cart" } };
    expect(await attempt(server.origin, cutOf([eventRecord("s1", 3, event)]))).toEqual([{ type: "delivered" }]);
    expect(server.requests).toEqual([{ token: "shop/0/1-9", rows: 1 }]);
    expect(server.rows).toEqual([
      {
        ...{ site: "shop", partition: 0, offset: 3, arrival: 3, received_at: "2026-11-20T08:59:56.000Z", v: 1 },
        ...{ type: "custom", time: "2026-11-20T08:59:55.000Z", seq: 3, session_id: "s1", tab_id: "tab1" },
        ...{ anonymous_id: "browser of s1", name: "order", properties: '{"total":12.5}', view_path: "/cart" },
      },
    ]);
  });

  it("has another token for each part of the cut, the same at each attempt", async () => {
    const all = [1, 2, 3, 4].map((seq) => eventRecord(seq === 3 ? "refused" : "s1", seq));
    const expected: SinkOutcome = {
      type: "refused",
      reason: "ClickHouse responded with code 469 (VIOLATED_CONSTRAINT)",
    };
    const delivered: SinkOutcome = { type: "delivered" };
    expect(await attempt(server.origin, cutOf(all))).toEqual([delivered, delivered, expected, delivered]);
    const tokens = ["", ":0-1", ":2-3", ":2", ":3"].map((part) => `shop/0/1-9${part}`);
    expect(server.requests.map(({ token }) => token)).toEqual(tokens);
    await attempt(server.origin, cutOf(all));
    expect(server.requests.map(({ token }) => token)).toEqual([...tokens, ...tokens]);
    expect(server.rows.map(({ seq }) => seq)).toEqual([1, 2, 4]);
  });

  it("is tried again when the table lacks a column, and the reason has the remedy", async () => {
    server.columns.delete("name");
    expect(await attempt(server.origin, cutOf([eventRecord("s1", 1)]))).toEqual([
      {
        type: "retry",
        reason:
          "ClickHouse responded with code 117 (INCORRECT_DATA), column name: run the statements of tidemark warehouse ddl clickhouse again",
      },
    ]);
  });

  it("is refused when a column cannot hold a value, and the reason names the column without the value", async () => {
    server.columns.set("name", { name: "name", type: "int32", required: true });
    expect(await attempt(server.origin, cutOf([eventRecord("s1", 1)]))).toEqual([
      {
        type: "refused",
        reason: "ClickHouse responded with code 27 (CANNOT_PARSE_INPUT_ASSERTION_FAILED), column name",
      },
    ]);
  });

  it.each([
    [{ user: "reader" }, "code 516 (AUTHENTICATION_FAILED): correct the setting user, or the password in the secret"],
    [{ database: "other" }, "code 60 (UNKNOWN_TABLE): run the statements of tidemark warehouse ddl clickhouse"],
  ])("is tried again with the settings %j", async (settings, reason) => {
    const outcomes = await attempt(server.origin, cutOf([eventRecord("s1", 1)]), { settings });
    expect(outcomes).toEqual([{ type: "retry", reason: `ClickHouse responded with ${reason}` }]);
  });

  it("is refused for a record that no row can hold, and for one of a kind without a table", async () => {
    const place = { site: "shop", partition: 0, offset: 9, arrival: 9, received_at: AT };
    const drift = { id: "shop/0/9", key: "shop", record: { kind: "drift", ...place, payload: {} } } as SinkRecord;
    const outcomes = await attempt(
      server.origin,
      cutOf([eventRecord("s1", 1), drift, eventRecord("s1", 2, { seq: 0.5 })]),
    );
    expect(outcomes).toMatchObject([
      { type: "delivered" },
      { type: "refused", reason: "no table has records of the kind drift" },
      { type: "refused", reason: expect.stringContaining("seq") },
    ]);
    expect(server.rows).toHaveLength(1);
  });

  it("writes vectors with the columns of the site's features into their own table", async () => {
    const given: { address: URL; body: string }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (address, init) => {
      given.push({ address: new URL(`${address}`), body: `${init?.body}` });
      return new Response();
    });
    const features = defineFeatures([
      {
        ...{ name: "orders", description: "Orders.", unit: "count", entity: "session", source: "custom" },
        ...{ aggregate: { type: "count" }, window: session() },
      },
    ]);
    const vector = {
      ...{ kind: "vector", site: "shop", partition: 0, offset: 9, arrival: 4, received_at: AT },
      ...{
        session_id: "s1",
        anonymous_id: "b",
        entity: "session",
        id: "s1",
        version: 1,
        closed_at: AT,
        event_time: AT,
      },
      ...{ definition_version: "d", late: 0, too_late: 0, delivery: {}, features: { orders: 2 } },
    };
    const records = [eventRecord("s1", 1), { id: "shop/0/9", key: "s1", record: vector } as unknown as SinkRecord];
    expect(await attempt("https://db.example.com", cutOf(records), { features })).toEqual([
      { type: "delivered" },
      { type: "delivered" },
    ]);
    expect(given.map(({ address }) => address.searchParams.get("query"))).toEqual([
      "INSERT INTO `tidemark_shop`.`event_files` FORMAT JSONEachRow",
      "INSERT INTO `tidemark_shop`.`vector_files` FORMAT JSONEachRow",
    ]);
    expect(given.map(({ address }) => address.searchParams.get("insert_deduplication_token"))).toEqual([
      "shop/0/1-9:0",
      "shop/0/1-9:1",
    ]);
    expect(JSON.parse(given[1]?.body ?? "")).toMatchObject({ session_id: "s1", feature_orders: 2 });
  });

  it.each([
    [
      new Response("proxy", { status: 502 }),
      { type: "retry", reason: "the response has status 502, and is not one of ClickHouse" },
    ],
    [
      new Response("", { status: 403 }),
      { type: "retry", reason: "the response has status 403, and is not one of ClickHouse" },
    ],
    [
      new Response("", { status: 413 }),
      { type: "refused", reason: "the response has status 413, and is not one of ClickHouse" },
    ],
    [
      new Response(null, { status: 302 }),
      { type: "retry", reason: "the response has status 302, and is not one of ClickHouse" },
    ],
    [
      new Response("Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n", { status: 500 }),
      { type: "retry", reason: "ClickHouse responded with code 241 (MEMORY_LIMIT_EXCEEDED)" },
    ],
    [
      new Response("", { status: 200, headers: { "x-clickhouse-exception-code": "319" } }),
      { type: "retry", reason: "ClickHouse responded with code 319" },
    ],
  ])("has the outcome of its response", async (response, expected) => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
    expect(await attempt("https://db.example.com", cutOf([eventRecord("s1", 1)]))).toEqual([expected]);
  });
});
