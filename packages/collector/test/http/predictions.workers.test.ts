import { env } from "cloudflare:workers";
import type { BulkPredictionResponse, ModelsResponse, PredictionResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import {
  accept,
  batchFor,
  custom,
  errorOf,
  newSession,
  page,
  request,
  rollupVectorOf,
  SECRET,
} from "../workers/client.ts";
import { cut, plain500, serveModels, slow } from "../workers/model-server.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const authorization = "Bearer labs-read-key";

/** Asks for a prediction as a server. */
const ask = (model: string, id: string, entity = "session") =>
  request(`/v1/predict/${model}/${entity}/${encodeURIComponent(id)}`, { method: "POST", headers: { authorization } });

const predictionOf = async (model: string, id: string, entity?: string): Promise<PredictionResponse> => {
  const response = await ask(model, id, entity);
  if (response.status !== 200) throw new Error(`expected 200; given ${response.status} ${await response.text()}`);
  return response.json();
};

/** Begins a session with a number of custom events. */
const visit = async (events: number, more: object = {}): Promise<string> => {
  const session_id = newSession("labs");
  const all = Array.from({ length: events }, (_, seq) => custom(seq));
  await accept(batchFor("labs", all, { session_id, session_secret: SECRET, ...more }));
  return session_id;
};

interface PredictionRecord {
  kind: string;
  session_id?: string;
  payload: Record<string, unknown>;
}

/** The recorded predictions of an entity by a model, in the order of their versions. */
const recordsOf = async (id: string, model: string): Promise<PredictionRecord[]> => {
  const headers = { authorization: "Bearer admin-key" };
  const text = await (await request("/v1/log/tail?site=labs", { headers })).text();
  const records = text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as PredictionRecord] : []));
  return records
    .filter(({ kind, payload }) => kind === "prediction" && payload.id === id && payload.model === model)
    .toSorted((a, b) => Number(a.payload.model_version) - Number(b.payload.model_version));
};

const metrics = async (): Promise<string> =>
  (await request("/metrics", { headers: { authorization: "Bearer admin-key" } })).text();

describe("POST /v1/predict/{model}/{entity}/{id}", () => {
  it("answers with the prediction for the current vector, and names its set, its time and its age", async () => {
    const id = await visit(3);
    const prediction = await predictionOf("score", id);
    expect(prediction).toEqual({
      ...{ model: "score", version: 1, entity: "session", id, fallback: null },
      value: expect.closeTo(0.3, 9),
      latency_ms: expect.any(Number),
      event_time: expect.any(Number),
      age_ms: expect.any(Number),
      set: { name: "counts", version: 1, hash: expect.stringMatching(/^[0-9a-f]{12}$/) },
    });
  });

  it("answers by the version that the entity is assigned to, and records it and its shadow with the vector", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => visit(2)));
    const predictions = await Promise.all(ids.map((id) => predictionOf("trial", id)));
    const versions = predictions.map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([1, 2]));
    expect(predictions.map(({ value }) => value)).toEqual(versions.map((version) => 2 * version));
    expect((await predictionOf("trial", ids[versions.indexOf(1)] ?? "")).version).toBe(1);

    const id = ids[versions.indexOf(2)] ?? "";
    await vi.waitFor(async () => expect(await recordsOf(id, "trial")).toHaveLength(2), 20_000);
    const set = predictions[0]?.set;
    const common = {
      ...{ entity: "session", id, reader: "server", set, fallback: null, latency_ms: expect.any(Number) },
      ...{ time: expect.any(Number), event_time: expect.any(Number), definition_version: expect.any(String) },
      features: { custom_event_count: 2, click_count: 0 },
    };
    // The numbers of a session's records follow each other, and these are not its own.
    for (const record of await recordsOf(id, "trial")) expect(record).not.toHaveProperty("session_id");
    expect(await recordsOf(id, "trial")).toMatchObject([
      { payload: { ...common, model: "trial", model_version: 2, role: "canary", probability: 0.5, value: 4 } },
      { payload: { ...common, model_version: 3, role: "shadow", probability: 1, value: 6 } },
    ]);
  });

  it("predicts for a page", async () => {
    await accept(batchFor("labs", [page(0)]));
    await vi.waitFor(async () => expect(await rollupVectorOf("page", "/a", "labs-read-key")).toBeDefined(), 20_000);
    expect((await predictionOf("popular", "/a", "page")).value).toBeGreaterThan(0);
  });

  it("reads a model file from the bucket, which may come later", async () => {
    const id = await visit(4);
    expect((await errorOf(await ask("stored", id))).slice(0, 2)).toEqual([409, "model_refused"]);
    const inputs = ["custom_event_count", "click_count"].map((feature) => ({
      ...{ feature, kind: "number", steps: [{ fill: 0 }] },
    }));
    const model = { kind: "linear", coefficients: [2, 0], intercept: 1, link: "identity" };
    const file = { format: "tidemark-model", version: 1, set: { name: "counts", version: 1 }, inputs, model };
    await (env as unknown as Env).LOG?.put("models/stored-1.json", JSON.stringify(file));
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 11_000);
    expect((await predictionOf("stored", id)).value).toBe(9);
  });

  it.each([
    ["an unknown model", "gone", "session", 404, "not_found"],
    ["another entity than the model's", "score", "page", 404, "not_found"],
    ["a model whose set has changed", "changed", "session", 409, "model_refused"],
  ])("rejects %s", async (_, model, entity, status, code) => {
    const id = await visit(1);
    expect((await errorOf(await ask(model, id, entity))).slice(0, 2)).toEqual([status, code]);
  });

  it("rejects an unknown session, parameters, and a page without its own session", async () => {
    expect((await errorOf(await ask("score", newSession("labs")))).slice(0, 2)).toEqual([404, "not_found"]);
    const id = await visit(1);
    const byPage = (body: object, path = `/v1/predict/score/session/${id}`) =>
      request(path, { method: "POST", headers: { origin: "https://labs.example" }, body: JSON.stringify(body) });
    expect((await byPage({ key: "tm_labs_11111111", session_secret: SECRET })).status).toBe(200);
    expect((await byPage({ key: "tm_labs_11111111", session_secret: SECRET.replace("1", "2") })).status).toBe(404);
    expect((await byPage({ key: "tm_labs_11111111" })).status).toBe(401);
    expect((await byPage({})).status).toBe(401);
    // The reason is for servers only.
    const refused = await byPage(
      { key: "tm_labs_11111111", session_secret: SECRET },
      `/v1/predict/changed/session/${id}`,
    );
    expect(await errorOf(refused)).toEqual([409, "model_refused", "Model changed does not run."]);
    const popular = "/v1/predict/popular/page/%2Fa";
    expect((await byPage({ key: "tm_labs_11111111", session_secret: SECRET }, popular)).status).toBe(401);
    expect(
      (
        await errorOf(
          await request(`/v1/predict/score/session/${id}?set=x`, { method: "POST", headers: { authorization } }),
        )
      )[1],
    ).toBe("invalid_query");
  });

  it("needs the visitor's consent to personalisation", async () => {
    const consent = { measurement: "granted", personalisation: "denied" };
    const id = await visit(1, { consent });
    expect((await errorOf(await ask("score", id))).slice(0, 2)).toEqual([403, "no_consent"]);
  });
});

describe("a model on a server", () => {
  it("answers with the server's prediction, and its fallback answers while the server is down, until it is back", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const id = await visit(3);
    let respond = (): Response | Promise<Response> =>
      Response.json({
        model_name: "safe",
        model_version: null,
        outputs: [{ name: "y", shape: [1], datatype: "FP64", data: [0.9] }],
      });
    const received = serveModels(() => respond());
    expect(await predictionOf("safe", id)).toMatchObject({ value: 0.9, fallback: null });

    respond = plain500;
    const outcomes: unknown[] = [];
    for (let call = 0; call < 7; call += 1) {
      const { value, fallback } = await predictionOf("safe", id);
      outcomes.push(fallback);
      expect(value).toBeCloseTo(0.3, 9);
    }
    // After five failures in a row the server is not asked.
    expect(outcomes).toEqual([...Array(5).fill("error"), "open", "open"]);
    expect(received).toHaveLength(6);

    respond = () => Response.json({ outputs: [{ data: [0.8] }] });
    await vi.waitFor(async () => expect(await predictionOf("safe", id)).toMatchObject({ value: 0.8, fallback: null }), {
      timeout: 20_000,
      interval: 100,
    });
    await vi.waitFor(async () => expect((await recordsOf(id, "safe")).length).toBeGreaterThan(8), 20_000);
    const failed = (await recordsOf(id, "safe")).find(({ payload }) => payload.fallback === "error");
    expect(failed?.payload).toMatchObject({
      value: expect.closeTo(0.3, 9),
      error: "the server responded with status 500: Internal Server Error",
    });
  });

  it("is unavailable without a fallback, with the reason", async () => {
    const id = await visit(1);
    for (const [respond, reason] of [
      [plain500, "status 500: Internal Server Error"],
      [cut, "the server could not be reached"],
      [slow, "did not respond in time"],
    ] as const) {
      serveModels(respond);
      const response = await ask("bare", id);
      expect(response.headers.get("retry-after")).toBe("1");
      const [status, code, message] = await errorOf(response);
      expect([status, code]).toEqual([503, "model_unavailable"]);
      expect(message).toContain(reason);
      vi.restoreAllMocks();
    }
    await vi.waitFor(async () => expect(await recordsOf(id, "bare")).toHaveLength(3), 20_000);
    const records = await recordsOf(id, "bare");
    expect(records.map(({ payload }) => payload.fallback).toSorted()).toEqual(["error", "error", "timeout"]);
    expect(records.map(({ payload }) => payload.value)).toEqual([null, null, null]);
  });
});

describe("POST /v1/predict/{model}", () => {
  const askMany = (model: string, body: object) =>
    request(`/v1/predict/${model}`, { method: "POST", headers: { authorization }, body: JSON.stringify(body) });
  const sessions = (ids: string[]) => ids.map((id) => ({ entity: "session", id }));

  it("answers for each entity, and says why a prediction is missing", async () => {
    const ids = [await visit(1), await visit(2)];
    const unknown = newSession("labs");
    const response = await askMany("score", { read: sessions([...ids, unknown]), deadline_ms: 10_000 });
    expect(await response.json<BulkPredictionResponse>()).toMatchObject({
      predictions: [
        { id: ids[0], value: expect.closeTo(0.1, 9) },
        { id: ids[1], value: expect.closeTo(0.2, 9) },
      ],
      missing: [{ entity: "session", id: unknown, code: "not_found", message: expect.any(String) }],
    });
  });

  it("does not wait for a slow server longer than the deadline", async () => {
    const id = await visit(1);
    serveModels(slow);
    const response = await askMany("safe", { read: sessions([id]), deadline_ms: 1_000 });
    const { predictions } = await response.json<BulkPredictionResponse>();
    expect(predictions).toMatchObject([{ value: expect.closeTo(0.1, 9), fallback: "timeout" }]);
    // The timeout of the model is longer.
    expect(predictions[0]?.latency_ms).toBeLessThan(10_000);
  });

  it("rejects an unknown model, an entity that the model is not for, and too many", async () => {
    const id = await visit(1);
    expect((await errorOf(await askMany("gone", { read: sessions([id]) }))).slice(0, 2)).toEqual([404, "not_found"]);
    const pages = { read: [...sessions([id]), { entity: "page", id: "/a" }] };
    expect((await errorOf(await askMany("score", pages))).slice(0, 2)).toEqual([404, "not_found"]);
    const many = { read: sessions(Array.from({ length: 201 }, () => id)) };
    expect((await errorOf(await askMany("score", many)))[1]).toBe("invalid_body");
  });
});

describe("GET /v1/models", () => {
  it("lists each version with its state, the reason for a refusal, and the state of its server", async () => {
    serveModels(({ path }) => new Response(null, { status: path === "/v2/models/safe/ready" ? 200 : 503 }));
    const response = await request("/v1/models", { headers: { authorization } });
    const { models } = await response.json<ModelsResponse>();
    const listed = (name: string, version = 1) =>
      models.find((model) => model.name === name && model.version === version);
    expect(listed("score")).toEqual({
      ...{ name: "score", version: 1, set: "counts:1", runs: "embedded", when: "on_change" },
      ...{ role: "primary", probability: 1, state: "ready" },
    });
    expect(listed("trial")).toMatchObject({ role: "primary", probability: 0.5 });
    expect(listed("trial", 2)).toMatchObject({ role: "canary", probability: 0.5 });
    expect(listed("trial", 3)).toMatchObject({ role: "shadow", probability: 1 });
    expect(listed("safe")).toMatchObject({ runs: "kserve_v2", state: "ready", server_ready: true });
    expect(listed("bare")).not.toHaveProperty("server_ready");
    expect(listed("changed")).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("setHash: expected 000000000000, with which the model was trained"),
    });
  });
});

it("the metrics count predictions by model, version and outcome, with histograms of latencies and values", async () => {
  const id = await visit(2);
  await predictionOf("trial", id);
  await vi.waitFor(async () => {
    const text = await metrics();
    expect(text).toMatch(
      /^tidemark_predictions_total\{site="labs",model="trial",version="3",outcome="predicted"\} [1-9]/m,
    );
    expect(text).toMatch(/^tidemark_prediction_latency_seconds_count\{site="labs",model="trial",version="3"\} [1-9]/m);
    expect(text).toMatch(/^tidemark_prediction_value_bucket\{site="labs",model="trial",version="3",le="10"\} [1-9]/m);
    expect(text).toMatch(/^tidemark_predictions_total\{site="labs",model="safe",version="1",outcome="error"\} 5$/m);
  }, 20_000);
});
