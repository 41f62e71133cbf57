import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import { createApp } from "../../src/http/app.ts";
import { createTenants } from "../../src/tenants.ts";
import { errorOf, NOW, newSession, request, visitBy } from "../workers/client.ts";
import { config } from "../workers/worker.ts";

interface OnlineResponse {
  metadata: { feature_names: string[] };
  results: { values: unknown[]; statuses: string[]; event_timestamps: string[] }[];
}

const post = (body: unknown) =>
  request("/get-online-features", {
    method: "POST",
    headers: { authorization: "Bearer shop-read-key" },
    body: JSON.stringify(body),
  });

const online = async (body: unknown): Promise<OnlineResponse> => {
  const response = await post(body);
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return response.json();
};

const EPOCH = "1970-01-01T00:00:00Z";

describe("POST /get-online-features", () => {
  it("serves columns with statuses and event times, as Feast's feature server does", async () => {
    await visitBy("feast-ann");
    const body = {
      features: ["user_features:user_session_count", "user_features:user_video_plays_7d"],
      entities: { user_id: ["feast-ann", "nobody"] },
      full_feature_names: false,
    };
    const { metadata, results } = await online(body);
    expect(metadata).toEqual({ feature_names: ["user_id", "user_session_count", "user_video_plays_7d"] });
    const [ids, counts, plays] = results;
    expect(ids).toEqual({
      values: ["feast-ann", "nobody"],
      statuses: ["PRESENT", "PRESENT"],
      event_timestamps: [EPOCH, EPOCH],
    });
    expect(counts).toEqual({
      values: [1, null],
      statuses: ["PRESENT", "NOT_FOUND"],
      event_timestamps: [expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/), EPOCH],
    });
    expect(plays?.statuses).toEqual(["PRESENT", "NOT_FOUND"]);
    const full = await online({ ...body, full_feature_names: true });
    expect(full.metadata.feature_names).toEqual([
      "user_id",
      "user_features__user_session_count",
      "user_features__user_video_plays_7d",
    ]);
  });

  it("joins entities of several kinds by row, and serves a feature service", async () => {
    const session = await visitBy("feast-bob");
    const unknown = newSession();
    const rows = { session_id: [session, unknown], user_id: ["nobody", "feast-bob"] };
    const joined = await online({
      entities: rows,
      features: ["session_features:event_count", "user_features:user_session_count"],
    });
    expect(joined.metadata.feature_names).toEqual(["session_id", "user_id", "event_count", "user_session_count"]);
    expect(joined.results.slice(2).map(({ values }) => values)).toEqual([
      [2, null],
      [null, 1],
    ]);
    for (const [feature_service, feature] of [
      ["reading", "page_view_count"],
      ["reading_v1", "event_count"],
    ]) {
      const { metadata, results } = await online({ entities: { session_id: [session] }, feature_service });
      expect(metadata.feature_names).toContain(feature);
      expect(results).toHaveLength(metadata.feature_names.length);
    }
  });

  it("has the status OUTSIDE_MAX_AGE for an expired entity", async () => {
    const given = { ...config, daysToLive: { user: 1 } };
    const app = createApp(given, createTenants(given));
    const { engine } = compileFeatures(config.features).rollups.get("user") ?? {};
    const row = JSON.stringify({ engine: { ...engine?.emptyState(), event_time: NOW }, anonymous_ids: [] });
    const PARTITION = { getByName: () => ({ readAll: async () => ({ depth: 0, rows: [row] }) }) };
    const init = {
      method: "POST",
      headers: { authorization: "Bearer shop-read-key" },
      body: JSON.stringify({ entities: { user_id: ["ann"] }, features: ["user_features:user_session_count"] }),
    };
    const response = await app.request("/get-online-features", init, { ...env, PARTITION }, createExecutionContext());
    expect((await response.json<OnlineResponse>()).results[1]).toEqual({
      values: [null],
      statuses: ["OUTSIDE_MAX_AGE"],
      event_timestamps: [EPOCH],
    });
  });

  const features = ["user_features:user_session_count"];
  it.each<[string, object, number, string, string]>([
    ["no features", { entities: { user_id: ["a"] } }, 400, "invalid_body", "features"],
    ["an unknown view", { entities: {}, features: ["planets:size"] }, 400, "invalid_body", "no view"],
    ["an unknown feature", { entities: {}, features: ["user_features:no"] }, 400, "invalid_body", "no feature"],
    ["a feature with more", { entities: {}, features: [`${features}:x`] }, 400, "invalid_body", "no feature"],
    [
      ...(["a number that JSON cannot hold", { entities: { user_id: [2 ** 53] }, features }] as const),
      ...([400, "invalid_body", "entities.user_id"] as const),
    ],
    ["a feature twice", { entities: {}, features: [...features, ...features] }, 400, "invalid_body", "twice"],
    ["an unknown service", { entities: {}, feature_service: "no" }, 404, "not_found", "reading_v2"],
    ["an unknown join key", { entities: { planet_id: [] }, features }, 400, "invalid_body", "planet_id"],
    ["a missing join key", { entities: { session_id: ["a"] }, features }, 400, "invalid_body", "user_id"],
    ["rows of two lengths", { entities: { user_id: ["a"], page_id: [] }, features }, 400, "invalid_body", "length"],
    ["501 rows", { entities: { user_id: new Array(501).fill("a") }, features }, 400, "invalid_body", "501"],
    ["an id that is no text", { entities: { user_id: [{}] }, features }, 400, "invalid_body", "entities.user_id"],
  ])("rejects %s", async (_, body, status, code, message) => {
    expect(await errorOf(await post(body))).toEqual([status, code, expect.stringContaining(message)]);
  });
});
