import { eventColumns } from "@tidemark/schema/log";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createBigQuerySink } from "../../../src/sinks/bigquery/bigquery-sink.ts";
import { DeliveryRig } from "../delivery-rig.ts";
import { eventAt, eventsFrom } from "../event-records.ts";
import { serve } from "../serve-fake.ts";
import { type KeyPair, newKeyPair } from "../signed-claims.ts";
import { FakeBigQuery } from "./fake-bigquery.ts";

let key: KeyPair;
let fake: FakeBigQuery;
let stop: () => Promise<void>;

const settings = {
  ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files" },
  credentialsSecret: "BIGQUERY_CREDENTIALS",
};

const rigWith = (more = {}, env: object = { BIGQUERY_CREDENTIALS: fake.credentials }) =>
  new DeliveryRig(
    () => createBigQuerySink({ ...settings, url: fake.url, ...more }, { sink: "warehouse", features: [] }),
    env,
  );

const offsets = () => fake.table.map(({ offset }) => offset);

beforeAll(async () => {
  key = await newKeyPair();
});

beforeEach(async () => {
  fake = new FakeBigQuery(key, eventColumns);
  stop = await serve(fake);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await stop();
  expect(fake.violations).toEqual([]);
});

describe("a sink of BigQuery", () => {
  it("writes the columns of the log's files, with times as ISO 8601", async () => {
    await rigWith().deliver([eventAt(7)]);
    expect(fake.table).toEqual([
      expect.objectContaining({
        ...{ site: "shop", partition: 0, offset: 7, seq: 7, type: "custom", name: "order", v: 1 },
        ...{ session_id: "shop.session01", tab_id: "tab0000001", time: "2026-11-20T09:00:00.007Z" },
        properties: '{"price":12.5}',
      }),
    ]);
  });

  it("sends a cut in one request, with a token that it keeps until it expires", async () => {
    const rig = rigWith();
    await rig.deliver(eventsFrom(1, 500));
    await rig.deliver(eventsFrom(501, 500));
    expect(fake.requests).toEqual([500, 500]);
    expect(fake.tokensIssued).toBe(1);
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 3_600_000);
    await rig.deliver([eventAt(1_001)]);
    expect(fake.tokensIssued).toBe(2);
    expect(fake.table).toHaveLength(1_001);
    expect(rig.attempts).toHaveLength(3);
  });

  it("gets another token when BigQuery rejects its own", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1)]);
    fake.expireTokens();
    await rig.deliver([eventAt(2)]);
    expect(offsets()).toEqual([1, 2]);
    expect(fake.tokensIssued).toBe(2);
  });

  it("refuses an invalid row, and sends the stopped ones again at once", async () => {
    const rig = rigWith();
    const invalid = (offset: number) => (id: string) =>
      id.endsWith(`/${offset}`) ? { reason: "invalid", message: "a value" } : undefined;
    fake.rowFault = invalid(2);
    const stopped = { type: "retry", reason: "stopped", afterMs: 0 };
    const refused = { type: "refused", reason: "invalid: a value" };
    expect(await rig.deliver(eventsFrom(1, 4), 1)).toEqual([stopped, refused, stopped, stopped]);
    fake.rowFault = invalid(3);
    expect(await rig.resume(1)).toEqual([stopped, refused, stopped]);
    expect(await rig.resume(1)).toEqual([{ type: "delivered" }, { type: "delivered" }]);
    expect(offsets()).toEqual([1, 4]);
  });

  it("refuses a record that no row can hold, and sends the others", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1), eventAt(2, { time: "never" })]);
    expect(rig.refused).toEqual([
      {
        id: "shop.session01/tab0000001/2",
        reason: 'time: expected whole UTC milliseconds from 1970 to 2255; given "never"',
      },
    ]);
    expect(offsets()).toEqual([1]);
  });

  it("retries stopped rows after a time when the row that stops them is retried", async () => {
    fake.rowFault = (id) => (id.endsWith("/2") ? { reason: "backendError", message: "later" } : undefined);
    expect(await rigWith().deliver(eventsFrom(1, 3), 1)).toEqual([
      { type: "retry", reason: "stopped" },
      { type: "retry", reason: "backendError: later" },
      { type: "retry", reason: "stopped" },
    ]);
  });

  it("loses no row to a column that the table does not have yet", async () => {
    const rig = rigWith();
    fake.columns = eventColumns.filter(({ name }) => name !== "properties");
    const [outcome] = await rig.deliver([eventAt(1)], 1);
    const reason =
      "invalid: properties: no such field: properties.: run the statements of tidemark warehouse ddl bigquery";
    expect(outcome).toEqual({ type: "retry", reason });
    fake.columns = eventColumns;
    await rig.resume();
    expect(offsets()).toEqual([1]);
  });

  it.each(["lose request", "lose answer"] as const)("stores a row once after a fault: %s", async (fault) => {
    const rig = rigWith();
    fake.fault = (step) => (step === "insert" ? fault : undefined);
    expect(await rig.deliver(eventsFrom(1, 2), 1)).toEqual(
      [1, 2].map(() => ({ type: "retry", reason: "BigQuery could not be reached" })),
    );
    fake.fault = () => undefined;
    await rig.resume();
    expect(offsets()).toEqual([1, 2]);
    expect(rig.uncertain).toBe(0);
  });

  it.each([
    ["the sink goes on", (_: DeliveryRig<unknown>) => {}],
    ["the sink starts again", (rig: DeliveryRig<unknown>) => rig.restart()],
  ])("counts rows that BigQuery may have forgotten as uncertain: %s", async (_, between) => {
    const rig = rigWith();
    fake.fault = (step) => (step === "insert" ? "lose answer" : undefined);
    await rig.deliver(eventsFrom(1, 2), 1);
    fake.fault = () => undefined;
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 61_000);
    between(rig);
    await rig.resume();
    expect(rig.uncertain).toBe(2);
  });

  it("counts no rows as uncertain after a time in which BigQuery refused the request", async () => {
    const rig = rigWith();
    fake.fault = (step) => (step === "insert" ? { status: 403, reason: "rateLimitExceeded" } : undefined);
    await rig.deliver(eventsFrom(1, 2), 1);
    fake.fault = () => undefined;
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now + 61_000);
    await rig.resume();
    expect(rig.uncertain).toBe(0);
    expect(offsets()).toEqual([1, 2]);
  });

  it("puts more than 10 MB into several requests, and refuses a larger row", async () => {
    const large = (offset: number, bytes: number) => eventAt(offset, { properties: { text: "x".repeat(bytes) } });
    const outcomes = await rigWith().deliver([large(1, 6_000_000), large(2, 6_000_000), large(3, 10_000_000)]);
    expect(outcomes).toEqual([{ type: "delivered" }]);
    expect(fake.requests).toEqual([1, 1]);
    expect(offsets()).toEqual([1, 2]);
  });

  it("has an insertId of at most 128 characters for each record", async () => {
    const record = { ...eventAt(1), id: `shop.${"s".repeat(64)}/${"t".repeat(64)}/1` };
    const rig = rigWith();
    await rig.deliver([record]);
    await rig.deliver([record]);
    expect(offsets()).toEqual([1]);
  });

  it.each([
    [{ status: 503, reason: "backendError", headers: { "retry-after": "7" } }, 7_000],
    [{ status: 403, reason: "quotaExceeded" }, 600_000],
    [{ status: 403, reason: "rateLimitExceeded" }, undefined],
    [{ status: 403, reason: "accessDenied" }, undefined],
  ])("retries after %j", async (fault, afterMs) => {
    fake.fault = (step) => (step === "insert" ? fault : undefined);
    const [outcome] = await rigWith().deliver([eventAt(1)], 1);
    const reason = `BigQuery responded with status ${fault.status}: ${fault.reason}: a fault of the test`;
    expect(outcome).toEqual({ type: "retry", reason, ...(afterMs === undefined ? {} : { afterMs }) });
  });

  it.each([
    [
      { BIGQUERY_CREDENTIALS: '{"client_email":"a@b","private_key":"?"}' },
      "the secret BIGQUERY_CREDENTIALS is not a key of Google: expected the JSON file of a service account's key, with client_email and private_key",
    ],
  ])("retries with a reason without a key: %j", async (env, reason) => {
    expect(await rigWith({}, env).deliver([eventAt(1)], 1)).toEqual([{ type: "retry", reason }]);
  });

  it("retries when Google does not know its key", async () => {
    const other = new FakeBigQuery(await newKeyPair(), []);
    other.url = fake.url;
    const reason = "Google's token server responded with status 400: invalid_grant";
    expect(await rigWith({}, { BIGQUERY_CREDENTIALS: other.credentials }).deliver([eventAt(1)], 1)).toEqual([
      { type: "retry", reason },
    ]);
  });
});
