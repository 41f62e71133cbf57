import { eventColumns } from "@tidemark/schema/log";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSnowpipeSink, type SnowpipeState } from "../../../src/sinks/snowpipe/snowpipe-sink.ts";
import { DeliveryRig } from "../delivery-rig.ts";
import { eventAt, eventsFrom } from "../event-records.ts";
import { serve } from "../serve-fake.ts";
import { type KeyPair, newKeyPair } from "../signed-claims.ts";
import { FakeSnowpipe } from "./fake-snowpipe.ts";

let key: KeyPair;
let fake: FakeSnowpipe;
let stop: () => Promise<void>;

const TIMING = { pollMs: 1, longestPollMs: 2, commitMs: 200, reopenMs: 60_000 };

const settings = {
  ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "SNOWFLAKE_KEY" },
  ...{ database: "shop", schema: "tidemark_shop", pipe: "event_files-streaming" },
};

const rigWith = (more = {}, timing = TIMING, env: object = { SNOWFLAKE_KEY: key.pem }) =>
  new DeliveryRig<SnowpipeState>(
    () => createSnowpipeSink({ ...settings, url: fake.url, ...more }, { sink: "snow", features: [] }, timing),
    env,
  );

const offsets = () => fake.table.map(({ OFFSET }) => OFFSET);

beforeAll(async () => {
  key = await newKeyPair();
});

beforeEach(async () => {
  fake = new FakeSnowpipe(key, eventColumns);
  stop = await serve(fake);
});

afterEach(async () => {
  await stop();
  expect(fake.violations).toEqual([]);
});

describe("a sink of Snowpipe Streaming", () => {
  it("writes the columns of the log's files, with times as ISO 8601", async () => {
    await rigWith().deliver([eventAt(7)]);
    expect(fake.table).toEqual([
      expect.objectContaining({
        ...{ SITE: "shop", PARTITION: 0, OFFSET: 7, SEQ: 7, TYPE: "custom", NAME: "order", V: 1 },
        ...{ SESSION_ID: "shop.session01", TAB_ID: "tab0000001", TIME: "2026-11-20T09:00:00.007Z" },
        PROPERTIES: '{"price":12.5}',
      }),
    ]);
  });

  it("has one channel for each site, sink and partition, and opens it once", async () => {
    const rig = rigWith();
    await rig.deliver(eventsFrom(1, 3));
    await rig.deliver(eventsFrom(4, 3));
    expect([...fake.channels.values()].map(({ name }) => name)).toEqual(["tidemark-shop-snow-0"]);
    expect(fake.steps).toEqual(["hostname", "token", "open", "append", "status", "append", "status"]);
    expect(offsets()).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...fake.channels.values()][0]?.committed).toMatch(/^\d+-6$/);
  });

  it("accepts a host and a token as plain text, and asks for its role", async () => {
    fake.isPlain = true;
    await rigWith({ role: "TIDEMARK_WRITER" }).deliver([eventAt(1)]);
    expect(offsets()).toEqual([1]);
  });

  it("reads a key with escaped line breaks", async () => {
    await rigWith({}, TIMING, { SNOWFLAKE_KEY: key.pem.replaceAll("\n", "\\n") }).deliver([eventAt(1)]);
    expect(offsets()).toEqual([1]);
  });

  it("delivers a record only when it is committed", async () => {
    fake.commitAfter = 1_000;
    const rig = rigWith({}, { ...TIMING, commitMs: 5 });
    const [outcome] = await rig.deliver([eventAt(1)], 1);
    expect(outcome).toEqual({ type: "retry", reason: "Snowflake has not committed the rows yet", afterMs: 2_000 });
    fake.commitAfter = 0;
    fake.commit();
    expect(offsets()).toEqual([1]);
    expect(await rig.resume()).toEqual([{ type: "delivered" }]);
    expect(fake.steps.filter((step) => step === "append")).toHaveLength(1);
  });

  it("opens the channel again when a commit does not come", async () => {
    fake.commitAfter = 1_000;
    const rig = rigWith({}, { ...TIMING, commitMs: 5, reopenMs: -1 });
    await rig.deliver([eventAt(1)], 1);
    fake.commitAfter = 0;
    expect(await rig.resume()).toEqual([{ type: "delivered" }]);
    expect(offsets()).toEqual([1]);
    expect(fake.steps.filter((step) => step === "open")).toHaveLength(2);
  });

  it("does not send rows again that were committed after their answer was lost", async () => {
    const rig = rigWith();
    fake.fault = (step) => (step === "append" ? "lose answer" : undefined);
    await rig.deliver(eventsFrom(1, 3), 1);
    fake.commit();
    fake.fault = () => undefined;
    expect(await rig.resume()).toEqual([1, 2, 3].map(() => ({ type: "delivered" })));
    expect(offsets()).toEqual([1, 2, 3]);
    expect(fake.steps.filter((step) => step === "append")).toHaveLength(1);
  });

  it("opens the channel again at once when another writer has opened it", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1)]);
    const other = rigWith();
    other.state = rig.state;
    await other.deliver([eventAt(2)]);
    await rig.deliver([eventAt(3)]);
    expect(offsets()).toEqual([1, 2, 3]);
    expect(rig.attempts.flatMap(({ outcomes }) => outcomes)).toEqual([{ type: "delivered" }, { type: "delivered" }]);
  });

  it.each(["ERR_CHANNEL_MUST_BE_REOPENED", "ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER"])(
    "opens an invalid channel again: %s",
    async (status) => {
      const rig = rigWith();
      await rig.deliver([eventAt(1)]);
      for (const channel of fake.channels.values()) channel.status = status;
      expect(await rig.deliver([eventAt(2)])).toEqual([{ type: "delivered" }]);
      expect(offsets()).toEqual([1, 2]);
    },
  );

  it("creates a channel again that was dropped", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1)]);
    fake.channels.clear();
    await rig.deliver([eventAt(2)]);
    expect(offsets()).toEqual([1, 2]);
  });

  it("signs in again when its token is not valid any more", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1)]);
    fake.expireTokens();
    expect(await rig.deliver([eventAt(2)])).toEqual([{ type: "delivered" }]);
    expect(offsets()).toEqual([1, 2]);
  });

  it("sends a replay again, although its offsets are committed", async () => {
    const rig = rigWith();
    await rig.deliver(eventsFrom(1, 3));
    await rig.deliver(eventsFrom(2, 3));
    await rig.deliver(eventsFrom(5, 1));
    await rig.deliver(eventsFrom(5, 1));
    expect(offsets()).toEqual([1, 2, 3, 2, 3, 4, 5, 5]);
  });

  it("counts rows that Snowflake rejects as refused, also after a lost answer", async () => {
    const rig = rigWith();
    await rig.deliver([eventAt(1)]);
    const isBad = (row: { OFFSET?: unknown }) => row.OFFSET === 3;
    const { handle } = fake;
    fake.handle = async (request) => {
      if (!request.url.includes("/rows?")) return handle(request);
      const rows = (await request.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const body = rows.map((row) => `${JSON.stringify(isBad(row) ? { ...row, SEQ: "three" } : row)}\n`).join("");
      return handle(new Request(request.url, { method: "POST", headers: request.headers, body }));
    };
    let crashes = 1;
    rig.crashes = (moment) => moment === "before commit of outcomes" && crashes-- > 0;
    const outcomes = await rig.deliver(eventsFrom(2, 3));
    expect(offsets()).toEqual([1, 2, 4]);
    expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "delivered", "refused"]);
    expect(rig.refused[0]?.reason).toBe(
      "Snowflake rejected 1 of 3 rows, this one or earlier ones: the value is not recognized: column seq",
    );
    expect(await rig.deliver([eventAt(5)])).toEqual([{ type: "delivered" }]);
  });

  it("puts more than 4 MB of rows into several requests, and refuses a larger row", async () => {
    const rig = rigWith();
    const large = (offset: number, bytes: number) => eventAt(offset, { properties: { text: "x".repeat(bytes) } });
    const outcomes = await rig.deliver([large(1, 1_900_000), large(2, 1_900_000), large(3, 1_900_000)]);
    expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "delivered", "delivered"]);
    expect(fake.steps.filter((step) => step === "append")).toHaveLength(2);
    expect(await rig.deliver([large(4, 4_100_000), eventAt(5)])).toEqual([
      { type: "refused", reason: "the row is larger than a request of Snowflake" },
      { type: "delivered" },
    ]);
    expect(offsets()).toEqual([1, 2, 3, 5]);
  });

  it("continues in the middle of a cut whose first request is committed", async () => {
    const rig = rigWith();
    const large = [1, 2, 3].map((offset) => eventAt(offset, { properties: { text: "x".repeat(1_900_000) } }));
    let requests = 0;
    fake.fault = (step) => (step === "append" && ++requests === 2 ? "lose request" : undefined);
    await rig.deliver(large, 1);
    fake.commit();
    await rig.resume();
    expect(offsets()).toEqual([1, 2, 3]);
  });

  it.each([
    [
      { SNOWFLAKE_KEY: "-----BEGIN RSA PRIVATE KEY-----" },
      "the secret SNOWFLAKE_KEY is not a key of Snowflake: expected a private key as PKCS#8 in PEM, without a passphrase",
    ],
  ])("retries with a reason without a key: %j", async (env, reason) => {
    const [outcome] = await rigWith({}, TIMING, env).deliver([eventAt(1)], 1);
    expect(outcome).toEqual({ type: "retry", reason });
  });

  it("retries when the key is that of another user", async () => {
    const other = await newKeyPair();
    const [outcome] = await rigWith({}, TIMING, { SNOWFLAKE_KEY: other.pem }).deliver([eventAt(1)], 1);
    const reason = "Snowflake responded with status 401: 390144: JWT token is invalid.";
    expect(outcome).toEqual({ type: "retry", reason });
  });

  it("retries when its pipe does not exist", async () => {
    const [outcome] = await rigWith({ pipe: "OTHER" }).deliver([eventAt(1)], 1);
    expect(outcome).toMatchObject({ type: "retry" });
    expect(outcome).toHaveProperty("reason", expect.stringContaining("ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED"));
  });
});
