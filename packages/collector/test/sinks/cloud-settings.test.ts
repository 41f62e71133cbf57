import { describe, expect, it } from "vitest";
import { defineSink } from "../../src/define-sink.ts";
import { bigquery, snowpipe } from "../../src/sinks/index.ts";

const SNOWPIPE = {
  ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "SNOWFLAKE_KEY" },
  ...{ database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" },
};

const BIGQUERY = {
  ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files" },
  credentialsSecret: "BIGQUERY_CREDENTIALS",
};

const snow = (more: object) => defineSink({ name: "snow", to: snowpipe({ ...SNOWPIPE, ...more }), kinds: ["event"] });

const query = (more: object) => defineSink({ name: "query", to: bigquery({ ...BIGQUERY, ...more }), kinds: ["event"] });

describe("the settings of a sink of Snowpipe Streaming", () => {
  it("are complete with an account, a user, a key and a pipe", () => {
    expect(snow({}).to).toMatchObject({ type: "snowpipe", secrets: ["SNOWFLAKE_KEY"] });
    snow({
      account: "xy12345.eu-central-1",
      role: "WRITER",
      url: "https://org-acct.privatelink.snowflakecomputing.com",
    });
  });

  it.each([
    [{ account: "a.snowflakecomputing.com" }, /^sink snow: to.account: expected the identifier of an account, such as/],
    [{ user: "" }, 'sink snow: to.user: expected the name of a user; given ""'],
    [{ database: undefined }, "sink snow: to.database: expected the name of a database, without quotes; given nothing"],
    [{ schema: '"shop"' }, /^sink snow: to.schema: expected the name of a schema, without quotes; given/],
    [{ pipe: 3 }, "sink snow: to.pipe: expected the name of a pipe, without quotes; given 3"],
    [{ role: "" }, 'sink snow: to.role: expected the name of a role; given ""'],
    [{ url: "http://shop.example" }, /^sink snow: to.url: expected an address that begins with https:/],
    [{ table: "events" }, /^sink snow: to.table: expected no fields but account, user,/],
  ])("have an error that names the field: %j", (more, error) => expect(() => snow(more)).toThrow(error));

  it("have an error that does not quote a key", () =>
    expect(() => snow({ privateKeySecret: "-----BEGIN" })).toThrow(
      'expected the name of an environment variable, such as SNOWFLAKE_PRIVATE_KEY; given "another value"',
    ));
});

describe("the settings of a sink of BigQuery", () => {
  it("are complete with a table and a key", () => {
    expect(query({}).to).toMatchObject({ type: "bigquery", secrets: ["BIGQUERY_CREDENTIALS"] });
    query({ project: "example.com:shop-analytics", url: "https://bigquery.example" });
  });

  it.each([
    [{ project: "Shop" }, 'sink query: to.project: expected the id of a project, such as shop-analytics; given "Shop"'],
    [{ dataset: "a.b" }, 'sink query: to.dataset: expected a name of letters, digits and underscores; given "a.b"'],
    [{ table: "" }, 'sink query: to.table: expected a name of letters, digits, hyphens and underscores; given ""'],
    [{ url: "ftp://x" }, /^sink query: to.url: expected an address that begins with https:/],
    [{ location: "EU" }, /^sink query: to.location: expected no fields but project, dataset,/],
  ])("have an error that names the field: %j", (more, error) => expect(() => query(more)).toThrow(error));

  it("have an error that does not quote a key", () =>
    expect(() => query({ credentialsSecret: '{"private_key"' })).toThrow(
      'expected the name of an environment variable, such as BIGQUERY_CREDENTIALS; given "another value"',
    ));
});

describe.each([snowpipe(SNOWPIPE), bigquery(BIGQUERY)])("a table as a target: $type", (to) => {
  it.each([[undefined], [["event", "vector"] as const]])("takes one kind of record, and not %j", (kinds) =>
    expect(() => defineSink({ name: "table", to, ...(kinds && { kinds }) })).toThrow(
      /^sink table: kinds: expected an array with one kind, such as \["event"\], because a table has the columns of one/,
    ),
  );
});
