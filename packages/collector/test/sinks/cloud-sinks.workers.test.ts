import { env } from "cloudflare:workers";
import { eventColumns } from "@tidemark/schema/log";
import { afterEach, describe, expect, it, vi } from "vitest";
import { egress, eventually, stop } from "../egress/feed.ts";
import { accept, batch, custom, newSession } from "../workers/client.ts";
import { BIGQUERY, SNOWPIPE } from "../workers/worker.ts";
import { FakeBigQuery } from "./bigquery/fake-bigquery.ts";
import { fetchOf } from "./serve-fake.ts";
import { keyPairOf } from "./signed-claims.ts";
import { FakeSnowpipe } from "./snowpipe/fake-snowpipe.ts";

const { CLOUD_PRIVATE_KEY } = env as unknown as Record<string, string>;

/** Answers the requests of both sinks. */
const answerSinks = async () => {
  const key = await keyPairOf(CLOUD_PRIVATE_KEY ?? "");
  const snowflake = new FakeSnowpipe(key, eventColumns);
  const google = new FakeBigQuery(key, eventColumns);
  snowflake.url = SNOWPIPE.url;
  google.url = BIGQUERY.url;
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) =>
    fetchOf(`${url}`.startsWith(SNOWPIPE.url) ? snowflake : google)(url, init),
  );
  return { snowflake, google };
};

const send = async (seqs: number[], session_id: string) => {
  const events = seqs.map((seq) => custom(seq));
  await accept(batch(events, { key: "tm_cloud_77777777", session_id }));
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("sinks of warehouses in the Workers runtime", () => {
  it("write each event once through lost answers and a stop of their objects", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { snowflake, google } = await answerSinks();
    let lost = 0;
    snowflake.fault = (step) => (step === "append" && ++lost === 1 ? "lose answer" : undefined);
    google.fault = (step) => (step === "insert" && google.requests.length === 0 ? "lose answer" : undefined);
    const session = newSession("cloud");
    await send([0, 1], session);
    await eventually(() => {
      expect(lost).toBe(1);
      expect(google.requests).toHaveLength(1);
    });
    const sinks = { snow: egress("cloud", "snow"), query: egress("cloud", "query") };
    for (const sink of Object.values(sinks)) await stop(sink);
    const [snow, query] = [egress("cloud", "snow"), egress("cloud", "query")];
    await snow.resume("cloud", "snow", 0);
    await query.resume("cloud", "query", 0);
    await send([2], session);
    await eventually(async () => {
      expect(await snow.status("cloud", "snow", 0)).toMatchObject({ delivered: 3, refused: 0, lag_records: 0 });
      expect(await query.status("cloud", "query", 0)).toMatchObject({ delivered: 3, refused: 0, lag_records: 0 });
    });
    expect(snowflake.table.map(({ SEQ, SESSION_ID }) => [SESSION_ID, SEQ])).toEqual(
      [0, 1, 2].map((seq) => [session, seq]),
    );
    expect(google.table.map(({ seq, session_id }) => [session_id, seq])).toEqual(
      [0, 1, 2].map((seq) => [session, seq]),
    );
    expect([...snowflake.channels.values()].map(({ name }) => name)).toEqual(["tidemark-cloud-snow-0"]);
    expect([...snowflake.violations, ...google.violations]).toEqual([]);
  });
});
