import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SessionVectorResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import {
  accept,
  batchFor,
  custom,
  newSession,
  page,
  request,
  rewriteSession,
  rowsOf,
  SECRET,
} from "../workers/client.ts";
import { kserve, type ModelRequest, plain500, serveModels } from "../workers/model-server.ts";
import { tenant, traffic } from "../workers/worker.ts";

afterEach(() => {
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
});

const send = (site: "labs" | "lake", session_id: string, seqs: number[], more: object = {}) =>
  accept(
    batchFor(
      site,
      seqs.map((seq) => custom(seq)),
      { session_id, session_secret: SECRET, ...more },
    ),
  );

const vectorOf = async (session: string, query = ""): Promise<SessionVectorResponse> => {
  const authorization = `Bearer ${session.split(".")[0]}-read-key`;
  return (await request(`/v1/features/session/${session}${query}`, { headers: { authorization } })).json();
};

const objectOf = (site: string, session_id: string) => sessionOf(env as unknown as Env, tenant(site), session_id);

/** The records that a session has sent for the log, repeated pushes once. */
const recordsOf = (session: string) => {
  const byArrival = new Map(
    traffic.records
      .filter((sent) => sent.session === session)
      .flatMap(({ records }) => [...unpackRecords(records)])
      .map((record) => [record.arrival, record]),
  );
  return [...byArrival.values()];
};

/** The predictions that a session has sent for the log. */
const sentBy = (session: string) =>
  recordsOf(session).flatMap((record) => (record.kind === "prediction" ? [record.payload] : []));

const valuesOf = (session: string, model: string, version = 1) =>
  sentBy(session)
    .filter((payload) => payload.model === model && payload.model_version === version)
    .map(({ value }) => value);

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe("an embedded model that runs on change", () => {
  it("is in the response to the batch that changed it, in the vector with its age, and a feature of other sets", async () => {
    const session = newSession("labs");
    const response = await send("labs", session, [0, 1]);
    expect(response.predictions).toEqual({
      score: { value: expect.closeTo(0.2, 9), version: 1 },
      next: { value: expect.closeTo(2, 9), version: 1 },
    });
    expect((await send("labs", session, [2])).predictions?.score?.value).toBeCloseTo(0.3, 9);

    const { predictions, features } = await vectorOf(session);
    const latest = { version: 1, time: expect.any(Number), age_ms: expect.any(Number) };
    expect(predictions).toEqual({
      score: { ...latest, value: expect.closeTo(0.3, 9) },
      next: { ...latest, value: expect.closeTo(3, 9) },
    });
    expect(features).not.toHaveProperty("prediction.score");
    const chained = await vectorOf(session, "?set=chained");
    expect(chained.features).toEqual({ custom_event_count: 3, "prediction.score": expect.closeTo(0.3, 9) });
    expect(Object.keys(chained.predictions ?? {})).toEqual(["score"]);
    expect(await vectorOf(session, "?features=event_count")).not.toHaveProperty("predictions");
    // The past of predictions is in their records only.
    expect(await vectorOf(session, `?set=chained&as_of=${Date.now() - 1}`)).toMatchObject({
      error: { code: "invalid_query", message: expect.stringContaining("prediction.score cannot be computed") },
    });
  });

  it("does not run for a batch that changes no feature of its set", async () => {
    const session = newSession("labs");
    await send("labs", session, [0]);
    await accept(batchFor("labs", [page(1)], { session_id: session, session_secret: SECRET }));
    await send("labs", session, [2]);
    await eventually(() => expect(valuesOf(session, "score")).toHaveLength(2));
    expect(valuesOf(session, "next")).toHaveLength(2);
  });

  it("is recorded once for each change, with its vector, and so is its shadow, whatever is repeated", async () => {
    const session = newSession("labs");
    let losses = 2;
    traffic.fault = ({ sender }) => (sender === session && losses-- > 0 ? "lose_response" : undefined);
    vi.spyOn(console, "error").mockReturnValue();
    await send("labs", session, [0]);
    await send("labs", session, [0]);
    await send("labs", session, [1, 2]);
    await eventually(() => expect(valuesOf(session, "score")).toHaveLength(2));
    expect(valuesOf(session, "score")).toEqual([expect.closeTo(0.1, 9), expect.closeTo(0.3, 9)]);
    expect(valuesOf(session, "score", 2)).toEqual([expect.closeTo(0.2, 9), expect.closeTo(0.6, 9)]);
    expect(valuesOf(session, "next")).toHaveLength(2);
    // Three events, and three predictions for each of the two batches.
    expect(recordsOf(session).map(({ arrival }) => arrival)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const payload = sentBy(session).findLast(({ model, role }) => model === "score" && role === "primary");
    expect(payload).toEqual({
      ...{ model: "score", model_version: 1, role: "primary", probability: 1, entity: "session", id: session },
      ...{ reader: "session", time: expect.any(Number), event_time: expect.any(Number), fallback: null, latency_ms: 0 },
      definition_version: (await vectorOf(session)).definition_version,
      set: (await vectorOf(session, "?set=counts")).set,
      features: { custom_event_count: 3, click_count: 0 },
      value: expect.closeTo(0.3, 9),
    });
    // A record of the log, as each later reader has it.
    const headers = { authorization: "Bearer admin-key" };
    await eventually(async () => {
      const text = await (await request("/v1/log/tail?site=labs", { headers })).text();
      const own = text.split("\n").filter((line) => line.includes('"kind":"prediction"') && line.includes(session));
      expect(own).toHaveLength(6);
    });
  });

  it("is a feature of the set for clients of Feast and Tecton", async () => {
    const session_id = newSession("labs");
    await send("labs", session_id, [0, 1]);
    const ask = async (path: string, body: object) => {
      const headers = { authorization: "Bearer labs-read-key" };
      return (await request(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
    };
    const entities = { session_id: [session_id] };
    expect(await ask("/get-online-features", { entities, feature_service: "chained" })).toMatchObject({
      metadata: { feature_names: ["session_id", "custom_event_count", "prediction.score"] },
      results: [{}, { values: [2] }, { values: [expect.closeTo(0.2, 9)], statuses: ["PRESENT"] }],
    });
    const params = { featureServiceName: "chained", joinKeyMap: { session_id } };
    expect(await ask("/api/v1/feature-service/get-features", { params })).toMatchObject({
      result: { features: [2, expect.closeTo(0.2, 9)] },
    });
  });

  it("answers a repeated batch with the latest prediction, and only a page with the session's secret", async () => {
    const session = newSession("labs");
    const first = await send("labs", session, [0]);
    expect(await send("labs", session, [0])).toMatchObject({
      accepted: 0,
      duplicates: 1,
      predictions: first.predictions,
    });
    for (const session_secret of [undefined, SECRET.replaceAll("1", "9")])
      expect(await send("labs", session, [1], { session_secret })).not.toHaveProperty("predictions");
  });

  it("is kept by a session that starts again, and absent in one that an earlier release stored", async () => {
    const session = newSession("labs");
    await send("labs", session, [0]);
    const stub = objectOf("labs", session);
    await evictDurableObject(stub);
    const { predictions } = await vectorOf(session);
    expect(predictions?.score?.value).toBeCloseTo(0.1, 9);
    await runInDurableObject(stub, (_, { storage }) => rewriteSession(storage, (stored) => delete stored.predictions));
    await evictDurableObject(stub);
    expect(await vectorOf(session)).not.toHaveProperty("predictions");
    expect((await send("labs", session, [1])).predictions?.score?.value).toBeCloseTo(0.2, 9);
  });

  it("makes no prediction without consent to personalisation, and deletes those from before", async () => {
    const session = newSession("labs");
    await send("labs", session, [0]);
    const consent = { measurement: "granted", personalisation: "denied" };
    expect(await send("labs", session, [1], { consent })).not.toHaveProperty("predictions");
    expect(await vectorOf(session)).not.toHaveProperty("predictions");
    const rows = await runInDurableObject(objectOf("labs", session), (_, { storage }) => rowsOf(storage));
    expect(JSON.stringify(rows)).not.toContain("predictions");
    await eventually(() => expect(valuesOf(session, "score")).toHaveLength(1));
  });

  it("is not in the response to a batch without consent to personalisation, also if no event of it counts", async () => {
    const session = newSession("labs");
    expect(await send("labs", session, [0])).toHaveProperty("predictions");
    const consent = { measurement: "granted", personalisation: "denied" };
    expect(await send("labs", session, [0], { consent })).not.toHaveProperty("predictions");
  });

  it("hides nothing of the session's past, whose records are beside those of the predictions", async () => {
    const session = newSession("labs");
    await send("labs", session, [0, 1]);
    const live = await vectorOf(session);
    const readAt = live.event_time + live.age_ms;
    // A batch of the same millisecond would be part of the vector of that time.
    await vi.waitUntil(() => Date.now() > readAt, { interval: 1 });
    await send("labs", session, [2]);
    const past = () => vectorOf(session, `?as_of=${readAt}`);
    expect((await past()).features).toEqual(live.features);
    const admin = { method: "POST", headers: { authorization: "Bearer admin-key" } };
    await eventually(() => expect(valuesOf(session, "score")).toHaveLength(2));
    await request("/v1/log/cut?site=labs", admin);
    expect((await past()).features).toEqual(live.features);
  });

  it("costs a site without models nothing in its rows and responses", async () => {
    const session = newSession("shop");
    const { response: _, ...answer } = {
      response: 0,
      ...(await accept(batchFor("shop", [custom(0)], { session_id: session }))),
    };
    expect(Object.keys(answer)).toEqual(["accepted", "duplicates", "rejected", "tab"]);
    const rows = await runInDurableObject(objectOf("shop", session), (_, { storage }) => rowsOf(storage));
    expect(JSON.stringify(rows)).not.toContain("predictions");
  });
});

describe("a model on a server that runs on change", () => {
  it("is asked after the response, once at a time, for the latest input, and models that read it run then", async () => {
    const session = newSession("lake");
    let [inProgress, most] = [0, 0];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const received = serveModels(async (asked) => {
      inProgress += 1;
      most = Math.max(most, inProgress);
      if (received.length === 1) await held;
      inProgress -= 1;
      return kserve(asked);
    });
    expect((await send("lake", session, [0])).predictions?.served).toBeUndefined();
    await eventually(() => expect(received).toHaveLength(1));
    for (const seq of [1, 2, 3]) await send("lake", session, [seq]);
    // A second request at once would arrive in this time.
    await scheduler.wait(600);
    release();
    await eventually(async () => expect((await vectorOf(session)).predictions?.served?.value).toBe(4));
    expect(received.map(({ body }: ModelRequest) => body.instances)).toEqual([[[1, 0]], [[4, 0]]]);
    expect(most).toBe(1);
    expect((await vectorOf(session)).predictions?.after?.value).toBe(40);
    await eventually(() => expect(valuesOf(session, "served")).toEqual([1, 4]));
    await eventually(() => expect(valuesOf(session, "after").slice(-2)).toEqual([10, 40]));
    // The next batch has the prediction in its response, and its own comes later.
    expect((await send("lake", session, [4])).predictions?.served).toEqual({ value: 4, version: 1 });
    // No request of this test fails in the next one.
    await eventually(async () => expect((await vectorOf(session)).predictions?.served?.value).toBe(5));
  });

  it("has its fallback while the server is down, and its own predictions when it is back", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const session = newSession("lake");
    let isDown = true;
    serveModels((asked) => (isDown ? plain500() : kserve(asked)));
    let seq = 0;
    await send("lake", session, [seq]);
    await eventually(async () => expect((await vectorOf(session)).predictions?.served?.value).toBe(-1));
    isDown = false;
    await vi.waitFor(
      async () => {
        seq += 1;
        await send("lake", session, [seq]);
        expect((await vectorOf(session)).predictions?.served?.value).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 300 },
    );
    await eventually(() => expect(valuesOf(session, "served")).toContain(-1));
    const failed = sentBy(session).find(({ value }) => value === -1);
    expect(failed).toMatchObject({ fallback: "error", error: expect.stringContaining("status 500") });
  });
});
