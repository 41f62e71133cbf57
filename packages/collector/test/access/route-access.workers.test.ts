import { env } from "cloudflare:workers";
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accessOf, type Caller, partsOf, type RouteName, routeNames } from "../../src/access/route-access.ts";
import type { Env } from "../../src/env.ts";
import { bucketOf } from "../../src/log/bucket.ts";
import { accept, batch, custom, newSession, request, rollupVectorOf, SECRET } from "../workers/client.ts";
import { traffic } from "../workers/worker.ts";

/** A caller: the keys and the session's id and secret that it sends. */
interface Sender {
  bearer?: string;
  key?: string;
  session_id: string;
  session_secret?: string;
  user_token?: string;
}

const [own, others] = [newSession(), newSession()];
const OTHER_SECRET = SECRET.replaceAll("1", "9");
const USER = "matrix-user";
const tokenOf = (secret: string) => createHmac("sha256", secret).update(USER).digest("hex");
const user_token = tokenOf("shop-user-tokens");
const FILE = "kind=event/site=shop/matrix.parquet";
const DAY_FILE = "kind=event/site=shop/date=2026-11-28/hour=all/compacted-matrix.parquet";

const senders = {
  "without a key": { session_id: own },
  "with wrong keys": {
    bearer: "wrong",
    key: "tm_shop_wrongwrong",
    session_id: own,
    session_secret: SECRET,
    user_token,
  },
  "with the keys of another site": {
    bearer: "blog-read-key",
    key: "tm_blog_bbbbbbbb",
    session_id: own,
    session_secret: SECRET,
    user_token,
  },
  "with the read key": { bearer: "shop-read-key", session_id: own },
  "with the admin key": { bearer: "admin-key", session_id: own },
  "with the public key as bearer": { bearer: "tm_shop_aaaaaaaa", session_id: own },
  "with the secret of the session and the token of the user": {
    key: "tm_shop_aaaaaaaa",
    session_id: own,
    session_secret: SECRET,
    user_token,
  },
  "with the secret of the session": { key: "tm_shop_aaaaaaaa", session_id: own, session_secret: SECRET },
  "with the secret of the session and a wrong token": {
    key: "tm_shop_aaaaaaaa",
    session_id: own,
    session_secret: SECRET,
    user_token: tokenOf("gate-user-tokens"),
  },
  "with the id of another session": {
    key: "tm_shop_aaaaaaaa",
    session_id: others,
    session_secret: SECRET,
    user_token,
  },
  "with the id of the session alone": { key: "tm_shop_aaaaaaaa", session_id: own, user_token },
} satisfies Record<string, Sender>;

type SenderName = keyof typeof senders;

/** The senders that each kind of caller is. Each other sender is rejected. */
const accepted: Record<Caller, readonly SenderName[]> = {
  anyone: Object.keys(senders) as SenderName[],
  page: (Object.keys(senders) as SenderName[]).filter((name) => / (secret|id) of /.test(name)),
  server: ["with the read key"],
  reader: (Object.keys(senders) as SenderName[]).filter((name) => /with the read key| (secret|id) of /.test(name)),
  operator: ["with the admin key"],
};

/** The pages that a read of their visitor's features serves. */
const readers: { [R in RouteName]?: readonly SenderName[] } = {
  "POST /v1/features/session/:id": [
    "with the secret of the session and the token of the user",
    "with the secret of the session",
    "with the secret of the session and a wrong token",
  ],
  "POST /v1/features/user/:id": ["with the secret of the session and the token of the user"],
  "POST /v1/predict/:model/:entity/:id": [
    "with the read key",
    "with the secret of the session and the token of the user",
    "with the secret of the session",
    "with the secret of the session and a wrong token",
  ],
};

/** Origins of a request, and whether they belong to the site. */
const origins: [origin: string | undefined, isOwn: boolean][] = [
  [undefined, true],
  ["https://shop.example", true],
  ["https://www.shop.example", true],
  ["http://localhost:3000", false],
  ["https://club.example", false],
  ["https://evil.example", false],
  ["null", false],
];

/** The call of a tool that reads the user. */
const TOOL = { name: "get_features", arguments: { entity: "user", id: USER } };

/** The path and body of a request to each route that a permitted caller gets a status 2xx for. */
const requests: Record<RouteName, (sender: Sender) => { path: string; body?: object }> = {
  "POST /v1/events": ({ bearer: _, ...sent }) => ({
    path: "/v1/events",
    body: { ...batch([custom(0)]), key: undefined, ...sent },
  }),
  "POST /v1/forget": ({ key }) => ({ path: key ? `/v1/forget?key=${key}` : "/v1/forget" }),
  "GET /v1/features/session/:id": ({ session_id }) => ({ path: `/v1/features/session/${session_id}` }),
  "POST /v1/features": ({ session_id }) => ({
    path: "/v1/features",
    body: { read: [{ entity: "session", id: session_id }] },
  }),
  "POST /v1/features/session/:id": ({ session_id, key, session_secret }) => ({
    path: `/v1/features/session/${session_id}`,
    body: { key, session_secret },
  }),
  "POST /v1/features/user/:id": ({ bearer: _, ...body }) => ({ path: `/v1/features/user/${USER}`, body }),
  "GET /v1/features/:entity/:id": () => ({ path: `/v1/features/user/${USER}` }),
  "GET /v1/features/:entity/:id/stream": () => ({ path: `/v1/features/user/${USER}/stream` }),
  "GET /v1/follow/:id": ({ session_id, key }) => ({
    path: `/v1/follow/${session_id}${key ? `?key=${key}` : ""}`,
  }),
  "GET /v1/context/:entity/:id": ({ session_id }) => ({ path: `/v1/context/session/${session_id}` }),
  "GET /v1/entities/:entity": () => ({ path: `/v1/entities/user?active_since=${Date.now() - 60_000}` }),
  "POST /get-online-features": () => ({
    path: "/get-online-features",
    body: { entities: { user_id: [USER] }, features: ["user_features:user_session_count"] },
  }),
  "POST /api/v1/feature-service/get-features": ({ session_id }) => ({
    path: "/api/v1/feature-service/get-features",
    body: { params: { featureServiceName: "reading", joinKeyMap: { session_id } } },
  }),
  "POST /api/v1/feature-service/get-features-batch": ({ session_id }) => ({
    path: "/api/v1/feature-service/get-features-batch",
    body: { params: { featureServiceName: "reading", requestData: [{ joinKeyMap: { session_id } }] } },
  }),
  "GET /v1/models": () => ({ path: "/v1/models" }),
  "POST /v1/predict/:model": ({ session_id }) => ({
    path: "/v1/predict/activity",
    body: { read: [{ entity: "session", id: session_id }], deadline_ms: 10_000 },
  }),
  "POST /v1/predict/:model/:entity/:id": ({ session_id, key, session_secret }) => ({
    path: `/v1/predict/activity/session/${session_id}`,
    body: { key, session_secret },
  }),
  "POST /mcp": () => ({ path: "/mcp", body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: TOOL } }),
  "GET /v1/log/files": () => ({ path: "/v1/log/files?site=shop" }),
  "GET /v1/log/files/:name{.+}": () => ({ path: `/v1/log/files/${FILE}` }),
  "GET /v1/log/tail": () => ({ path: "/v1/log/tail?site=shop" }),
  "POST /v1/log/cut": () => ({ path: "/v1/log/cut?site=shop" }),
  "POST /v1/log/compact": () => ({ path: "/v1/log/compact?site=shop" }),
  "PUT /v1/log/compacted/:name{.+}": () => ({ path: `/v1/log/compacted/${DAY_FILE}`, body: {} }),
  "POST /v1/log/replace": () => ({
    path: "/v1/log/replace?site=shop",
    body: { date: "2026-11-28", sources: [FILE], files: [] },
  }),
  "POST /v1/rebuild/begin": () => ({ path: "/v1/rebuild/begin?site=shop" }),
  "POST /v1/rebuild/states": () => ({
    path: "/v1/rebuild/states?site=shop",
    body: { shard: null, sender: { id: "rebuild matrix", began_at: Date.now() }, pushes: [] },
  }),
  "GET /v1/sinks": () => ({ path: "/v1/sinks?site=push" }),
  "GET /v1/sinks/:sink/dead-letters": () => ({ path: "/v1/sinks/server/dead-letters?site=push" }),
  "POST /v1/sinks/:sink/pause": () => ({ path: "/v1/sinks/server/pause?site=push" }),
  "POST /v1/sinks/:sink/resume": () => ({ path: "/v1/sinks/server/resume?site=push" }),
  "POST /v1/sinks/:sink/replay": () => ({ path: "/v1/sinks/server/replay?site=push&from=2026-11-29" }),
  "POST /v1/feast/exports": () => ({ path: "/v1/feast/exports?site=shop", body: { max_age_s: 86_400 } }),
  "GET /v1/alerts": () => ({ path: "/v1/alerts" }),
  "POST /v1/alerts/test": () => ({ path: "/v1/alerts/test" }),
  "POST /v1/alerts/silences": () => ({
    path: "/v1/alerts/silences",
    body: { alert: "TidemarkSinkDown", until: new Date(Date.now() + 60_000).toISOString(), comment: "Maintenance." },
  }),
  "DELETE /v1/alerts/silences/:id": () => ({ path: "/v1/alerts/silences/matrix" }),
  "GET /metrics": () => ({ path: "/metrics" }),
  "GET /healthz": () => ({ path: "/healthz" }),
};

const send = (route: RouteName, sender: Sender, origin?: string, parameter?: string) => {
  const { path: requested, body } = requests[route](sender);
  const path = parameter ? `${requested}${requested.includes("?") ? "&" : "?"}${parameter}` : requested;
  const headers = {
    ...(partsOf(route)[1].startsWith("/v1/follow") && { upgrade: "websocket" }),
    ...(sender.bearer !== undefined && { authorization: `Bearer ${sender.bearer}` }),
    ...(origin !== undefined && { origin }),
    ...(route === "POST /mcp" && { accept: "application/json, text/event-stream", "content-type": "application/json" }),
  };
  return request(path, { method: partsOf(route)[0], headers, ...(body && { body: JSON.stringify(body) }) });
};

/** The body of a response, or the first part of a stream, which ends only after a minute. */
const bodyOf = async ({ body }: Response): Promise<Uint8Array | undefined> => {
  const chunks = body?.getReader();
  const first = await chunks?.read();
  await chunks?.cancel();
  return first?.value;
};

/**
 * Routes that serve each read key the data of its own site, with a part of the response for the key of another site: it has
 * nothing of this one.
 */
const withoutData: { [R in RouteName]?: string } = {
  "POST /v1/features": '"vectors":[]',
  "GET /v1/entities/:entity": '"entities":[]',
  "GET /v1/models": '"models":[',
  "POST /v1/predict/:model": '"predictions":[]',
  "POST /mcp": '"not_found: Site blog has no user',
  "POST /get-online-features": '"NOT_FOUND"',
  "POST /api/v1/feature-service/get-features": '"result":{"features":[null,null]}',
  "POST /api/v1/feature-service/get-features-batch": '"result":[{"features":[null,null]}]',
};

/** The expected kind of response, by the rule of the route. */
const expectedOf = (
  route: RouteName,
  name: SenderName,
  origin: string | undefined,
  isOwn: boolean,
): "served" | "rejected" => {
  const { caller } = accessOf(route);
  // The keys of another site act for that site.
  if (route === "POST /v1/forget" && name === "with the keys of another site")
    return origin === undefined || origin === "http://localhost:3000" ? "served" : "rejected";
  if (route in withoutData && name === "with the keys of another site") return "served";
  const isPage = caller === "page" || (caller === "reader" && name !== "with the read key");
  const isAccepted = (readers[route] ?? accepted[caller]).includes(name) && (!isPage || isOwn);
  return isAccepted ? "served" : "rejected";
};

let prepared = 0;

/** Stores the data that the requests read, also after a request that has deleted some. */
const prepare = async () => {
  await accept(batch([custom(prepared)], { session_id: own, session_secret: SECRET, user_id: USER }));
  await accept(batch([custom(prepared)], { session_id: others, session_secret: OTHER_SECRET }));
  prepared += 1;
  await bucketOf(env as unknown as Env).put(`log/v1/${FILE}`, "PAR1");
  await expect.poll(() => rollupVectorOf("user", USER), { timeout: 5_000 }).toBeDefined();
};

beforeAll(() => {
  traffic.alerts = { to: [] };
});
afterAll(() => {
  traffic.alerts = undefined;
});

it.each(routeNames)("%s treats each request by its rule", async (route) => {
  await prepare();
  for (const [name, sender] of Object.entries(senders) as [SenderName, Sender][])
    for (const [origin, isOwn] of origins) {
      const response = await send(route, sender, origin);
      const body = await bodyOf(response);
      const expected = expectedOf(route, name, origin, isOwn);
      const [rule, status] = [`${name}, origin ${origin}: ${expected}`, response.status];
      expect({ rule, status, isServed: response.ok || status === 101 }).toEqual({
        rule,
        status,
        isServed: expected === "served",
      });
      if (name === "with the keys of another site" && withoutData[route])
        expect(new TextDecoder().decode(body)).toContain(withoutData[route]);
      if (expected === "rejected") {
        expect({ rule, status }).toEqual({ rule, status: expect.toBeOneOf([400, 401, 403, 404]) });
        expect(JSON.parse(new TextDecoder().decode(body))).toHaveProperty("error.code");
      }
      const credentials = response.headers.get("access-control-allow-credentials");
      // Of these origins, only that of the club is of a site with a cookie.
      const mayHaveCookie = accessOf(route).takesCookie && origin === "https://club.example";
      expect({ rule, credentials }).toEqual({ rule, credentials: mayHaveCookie ? "true" : null });
    }
});

/** Routes that accept any query: probes and scrapers add parameters of their own, and events have no query. */
const withAnyQuery: readonly RouteName[] = ["POST /v1/events", "GET /metrics", "GET /healthz"];

it.each(routeNames.filter((route) => !withAnyQuery.includes(route)))(
  "%s rejects a parameter that would have no effect",
  async (route) => {
    await prepare();
    const { caller } = accessOf(route);
    const sender =
      senders[
        caller === "page"
          ? "with the secret of the session and the token of the user"
          : (accepted[caller][0] ?? "with the read key")
      ];
    const response = await send(route, sender, undefined, "nothing=1");
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: "invalid_query", message: expect.stringMatching(/^nothing: unknown parameter; expected /) } },
    ]);
  },
);
