import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { batchResponse, type ErrorCode, errorCodes, errorResponse } from "@tidemark/schema";
import { MAX_BODY_BYTES } from "@tidemark/schema/limits";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { methodsByPath } from "../../src/access/route-access.ts";
import { compileFeatures } from "../../src/compile-features.ts";
import type { Site, TidemarkConfig } from "../../src/config.ts";
import { createApp } from "../../src/http/app.ts";
import { bucketOf } from "../../src/log/bucket.ts";
import { createTenants } from "../../src/tenants.ts";
import {
  accept,
  batch,
  batchFor,
  custom,
  NOW,
  newSession,
  page,
  post,
  readByPage,
  request,
  SECRET,
} from "../workers/client.ts";
import { config } from "../workers/worker.ts";

const bindings = env as unknown as object;

/** An app whose objects respond to every call with an error. */
const appWith = (error: Error, given: TidemarkConfig = config) => {
  const app = createApp(given, createTenants(given));
  const fail = () => Promise.reject(error);
  const object = {
    getByName: () => ({ ingest: fail, vector: fail, read: fail, readAll: fail, add: fail, wake: fail }),
  };
  const broken = {
    ...bindings,
    SESSION: object,
    PARTITION: object,
    ENTITY_SHARD: object,
    LOG_WRITER: object,
    SCHEDULE: object,
    METRICS: object,
  };
  const fetch = (path: string, init?: RequestInit) =>
    app.request(`https://collector.example${path}`, init, broken, createExecutionContext());
  return { app, fetch };
};

const authorized = (key = "shop-read-key") => ({ headers: { authorization: `Bearer ${key}` } });

/** One successful request to each route that reads or writes. */
const valid: [route: string, path: string, init: () => RequestInit][] = [
  ["POST /v1/events", "/v1/events", () => ({ method: "POST", body: JSON.stringify(batch([custom(0)])) })],
  ["GET /v1/features/session/{id}", `/v1/features/session/${newSession()}`, () => authorized()],
  [
    "POST /v1/features/session/{id}",
    `/v1/features/session/${newSession()}`,
    () => ({ method: "POST", body: JSON.stringify({ key: "tm_shop_aaaaaaaa", session_secret: SECRET }) }),
  ],
  ["GET /v1/features/{entity}/{id}", "/v1/features/user/ann", () => authorized()],
  [
    "POST /get-online-features",
    "/get-online-features",
    () => ({
      ...authorized(),
      method: "POST",
      body: JSON.stringify({ entities: { user_id: ["ann"] }, features: ["user_features:user_session_count"] }),
    }),
  ],
  [
    "POST /api/v1/feature-service/get-features",
    "/api/v1/feature-service/get-features",
    () => ({
      ...authorized(),
      method: "POST",
      body: JSON.stringify({ params: { featureServiceName: "assists", joinKeyMap: { page_id: "/a" } } }),
    }),
  ],
  [
    "POST /v1/predict/:model/:entity/:id",
    "/v1/predict/activity/session/shop.session-1",
    () => ({ ...authorized(), method: "POST" }),
  ],
  ["GET /metrics", "/metrics", () => authorized("admin-key")],
];

const sent = (more: object, headers = {}) => post(JSON.stringify({ ...batch([custom(0)]), ...more }), headers);

const deniedSession = async () => {
  const consent = { measurement: "granted", personalisation: "denied" };
  const body = batch([custom(0)], { consent, session_secret: SECRET });
  await accept(body);
  return readByPage(body.session_id);
};

/** Asks a model of the site labs for a prediction. */
const predicted = async (model: string) => {
  const body = batchFor("labs", [custom(0)]);
  await accept(body);
  const path = `/v1/predict/${model}/session/${body.session_id}`;
  return request(path, { ...authorized("labs-read-key"), method: "POST" });
};

/** A limit of the platform that no request is within. */
const refusing: RateLimit = { limit: async () => ({ success: false }) };

/** Returns a function that sends a batch to an app whose site shop has some settings more. */
const senderTo = (more: Partial<Site>, bound: object = {}) => {
  const sites = config.sites.map((site) => (site.id === "shop" ? { ...site, ...more } : site));
  const app = createApp({ ...config, sites }, createTenants({ ...config, sites }));
  return () => {
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const init = { method: "POST", body: JSON.stringify(batch([custom(0)])), headers };
    return app.request("/v1/events", init, { ...bindings, ...bound }, createExecutionContext());
  };
};

const sentTo = (...given: Parameters<typeof senderTo>) => senderTo(...given)();

const overDailyCap = async () => {
  const send = senderTo({ dailyCaps: { events: 1 } });
  await send();
  return vi.waitFor(async () => {
    const response = await send();
    expect(response.status).not.toBe(200);
    return response;
  }, 10_000);
};

/** The read of a session in the past, from a log whose manifests are too large. */
const largeLog = () => {
  const app = createApp(config, createTenants(config));
  const object = { size: 40_000_000, etag: "", json: async () => ({ files: [] }) };
  const SESSION = { getByName: () => ({ records: async () => undefined }) };
  const LOG = { list: async () => ({ objects: [], truncated: false }), get: async () => object };
  const path = `/v1/features/session/${newSession()}?as_of=2026-11-01`;
  return app.request(path, authorized(), { ...bindings, SESSION, LOG }, createExecutionContext());
};

/** The read of a user whose latest event was longer ago than the site's days to live. */
const expiredUser = () => {
  const given = { ...config, daysToLive: { user: 1 } };
  const app = createApp(given, createTenants(given));
  const { engine } = compileFeatures(config.features).rollups.get("user") ?? {};
  const row = { engine: { ...engine?.emptyState(), event_time: NOW }, anonymous_ids: [] };
  const PARTITION = { getByName: () => ({ read: async () => ({ depth: 0, row }) }) };
  return app.request("/v1/features/user/ann", authorized(), { ...bindings, PARTITION }, createExecutionContext());
};

const withoutSecret = { ...config, adminKeySecret: "NOT_SET" };

const beyondFile = async () => {
  const name = "kind=event/site=shop/responses.parquet";
  await bucketOf(env).put(`log/v1/${name}`, "PAR1");
  const headers = { authorization: "Bearer admin-key", range: "bytes=4-" };
  return request(`/v1/log/files/${name}`, { headers });
};

const rejected: [code: ErrorCode, what: string, respond: () => Response | Promise<Response>][] = [
  ["invalid_json", "text", () => post("<html>")],
  ["invalid_json", "nothing", () => post("")],
  ["invalid_json", "bytes", () => post(new Uint8Array([0xff]))],
  ["invalid_json", "truncated gzip", () => post(new Uint8Array([0x1f, 0x8b, 8]))],
  ["invalid_batch", "a wrong version", () => sent({ v: 2 })],
  ["invalid_batch", "no events", () => sent({ events: [] })],
  ["invalid_body", "no secret", () => readByPage(newSession(), {}, { session_secret: null })],
  ["invalid_query", "a log without a site", () => request("/v1/log/files", authorized("admin-key"))],
  ["no_log", "a site without a log", () => request("/v1/log/tail?site=blog", authorized("admin-key"))],
  ["invalid_path", "wrong percent-encoding", () => request("/v1/features/user/%E0%A4%A", authorized())],
  ["unauthorized", "no read key", () => request("/v1/features/user/ann")],
  ["unauthorized", "a wrong read key", () => request("/v1/features/session/session-1", authorized("wrong"))],
  ["unauthorized", "no admin key", () => request("/metrics")],
  ["unauthorized", "no public key", () => request("/v1/forget", { method: "POST" })],
  ["unknown_key", "no key", () => post("null")],
  ["unknown_key", "a key of no site", () => sent({ key: "tm_none_aaaaaaaa" })],
  ["unknown_key", "a key of no site to forget", () => request("/v1/forget?key=%E0%A4%A", { method: "POST" })],
  ["origin_not_allowed", "a foreign page", () => sent({}, { origin: "https://evil.example" })],
  ["foreign_session", "a session of another site", () => sent({ session_id: "blog.session-1" })],
  ["no_consent", "Global Privacy Control", () => sent({}, { "sec-gpc": "1" })],
  ["no_consent", "a site that requires consent", () => post(JSON.stringify(batchFor("bank", [custom(0)])))],
  ["no_consent", "the features of a visitor who has denied", deniedSession],
  ["model_refused", "a model whose set has changed", () => predicted("changed")],
  ["model_unavailable", "a model whose server is down", () => predicted("bare")],
  ["expired", "a user after the days to live", expiredUser],
  [
    "foreign_session",
    "the read of a session of another site",
    () => request("/v1/features/session/blog.session-1", authorized()),
  ],
  ["not_found", "no route", () => request("/")],
  ["not_found", "no route with wrong percent-encoding", () => request("/%E0%A4%A")],
  ["not_found", "an unknown session", () => request(`/v1/features/session/${newSession()}`, authorized())],
  ["not_found", "an unknown user", () => request("/v1/features/user/nobody", authorized())],
  ["not_found", "an unknown entity", () => request("/v1/features/planet/mars", authorized())],
  ["not_found", "metrics without a secret", () => appWith(new Error(), withoutSecret).fetch("/metrics")],
  ["paused", "a batch of a paused site", () => sentTo({ pause: true })],
  ["too_many_requests", "a batch of an address with too many", () => sentTo({}, { BATCH_LIMIT: refusing })],
  ["over_daily_cap", "a batch of a site with too many events", overDailyCap],
  ["log_too_large", "a session in the past of a site with large manifests", largeLog],
  [
    "upgrade_required",
    "a page that follows without a WebSocket",
    () => request(`/v1/follow/${newSession()}?key=tm_shop_aaaaaaaa`),
  ],
  ["range_not_satisfiable", "a range after the end of a file", beyondFile],
  ["body_too_large", "a long body", () => post("x".repeat(MAX_BODY_BYTES + 1))],
  ...valid.map(([route, path, init]): (typeof rejected)[number] => [
    "internal",
    `a defect at ${route}`,
    () => appWith(new RangeError("Maximum call stack size exceeded")).fetch(path, init()),
  ]),
  ...valid.map(([route, path, init]): (typeof rejected)[number] => [
    "unavailable",
    `an overloaded object at ${route}`,
    () => appWith(Object.assign(new Error("busy"), { overloaded: true })).fetch(path, init()),
  ]),
  ...[...methodsByPath].flatMap(([path, methods]): typeof rejected =>
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
      .filter((other) => !methods.includes(other))
      .map((other) => ["method_not_allowed", `${other} ${path}`, () => request(path, { method: other })]),
  ),
];

// Provoked errors are logged for an operator.
beforeEach(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(() => void vi.restoreAllMocks());

describe("every response with an error", () => {
  it.each(rejected)("has the form of the contract: %s for %s", async (code, _, respond) => {
    const response = await respond();
    expect(response.status).toBe(errorCodes[code].status);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.has("retry-after")).toBe([429, 503].includes(errorCodes[code].status));
    const body = await response.json();
    expect(errorResponse.parse(body)).toEqual(body);
    expect(body).toMatchObject({ error: { code, message: expect.stringMatching(/\w/) } });
  });

  it("is one of the above for each code", () => {
    expect(new Set(rejected.map(([code]) => code))).toEqual(new Set(Object.keys(errorCodes)));
  });

  it("repeats no long text of the client", async () => {
    const long = "x".repeat(10_000);
    const responses = [
      await sent({ key: long }),
      await post(`{"events":[{}],"key":"${long}"}`),
      await sent({ [long]: 1 }),
      await sent({ session_id: long }),
      await sent({}, { origin: `https://${long}.example` }),
      await request(`/${long}`),
      await request(`/v1/features/session/${long}`, authorized()),
      await request(`/v1/features/session/${long}?key=tm_shop_aaaaaaaa`),
      await request(`/v1/features/user/${long}`, authorized()),
      await request(`/v1/features/user/%E0%A4%A${long}`, authorized()),
      await request(`/v1/features/${long}/1`, authorized()),
      await request(`/v1/features/user/${long}`, { method: "POST" }),
      await request(`/v1/predict/${long}/session/1`, { ...authorized(), method: "POST" }),
      await request(`/v1/predict/activity/${long}/1`, { ...authorized(), method: "POST" }),
      await request(`/v1/predict/activity/session/${long}`, { ...authorized(), method: "POST" }),
      await request(`/v1/forget?key=${long}`, { method: "POST" }),
      await request(`/v1/log/tail?site=${long}`, authorized("admin-key")),
      await request(`/v1/log/files?site=shop&from=${long}`, authorized("admin-key")),
      await request(`/v1/log/files/${long}`, authorized("admin-key")),
      await appWith(new Error(), withoutSecret).fetch(`/v1/log/files/${long}`),
    ];
    for (const response of responses) {
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.text()).not.toContain("x".repeat(201));
    }
    const rejected = await accept(
      batch([
        { ...custom(0), [long]: 1 },
        { ...custom(1), properties: { [long]: 1 } },
      ]),
    );
    expect(rejected.rejected).toHaveLength(2);
    expect(JSON.stringify(rejected).length).toBeLessThan(2_000);
  });

  it("names the allowed method for another one", async () => {
    const response = await request("/v1/events", { method: "DELETE" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    const both = await request("/v1/features/user/ann", { method: "DELETE" });
    expect([both.status, both.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });
});

describe("every response to a batch", () => {
  it.each([
    ["only new events", [page(0), custom(1)]],
    ["only rejected events", ["", null, 1, [], {}, custom(-1)]],
    ["both, and duplicates", [custom(0), custom(0), { ...custom(1), colour: "red" }]],
  ])("has the form of the contract: %s", async (_, events) => {
    const response = await accept(batch(events));
    expect(batchResponse.parse(response)).toEqual(response);
    expect(response.accepted + response.duplicates + response.rejected.length).toBe(events.length);
  });

  it("has the form of the contract: with predictions", async () => {
    const response = await accept(batchFor("labs", [custom(0)], { session_secret: SECRET }));
    expect(batchResponse.parse(response)).toEqual(response);
    expect(response).toHaveProperty("predictions");
  });
});
