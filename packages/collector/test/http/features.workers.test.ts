import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { type Feature, sessionFeatures } from "@tidemark/schema";
import { describe, expect, it, vi } from "vitest";
import { defineConfig } from "../../src/config.ts";
import { type Env, sessionOf } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { DICTIONARY } from "../../src/records/dictionary.ts";
import { framesIn } from "../../src/records/frames.ts";
import { createTenants } from "../../src/tenants.ts";
import {
  accept,
  batch,
  custom,
  errorOf,
  NOW,
  newSession,
  page,
  read,
  readByPage,
  request,
  rollupVectorOf,
  rowsOf,
  SECRET,
  stablePart,
  vectorOf,
  view,
} from "../workers/client.ts";
import { config, tenant, traffic } from "../workers/worker.ts";

describe("GET /v1/features/session/{id}", () => {
  it("serves the vector right after the acknowledgement, with every feature of the catalogue", async () => {
    const body = batch([page(0), custom(1)]);
    await accept(body);
    const vector = await (await read(body.session_id)).json<Record<string, unknown>>();
    expect(vector).toMatchObject({
      entity: "session",
      id: body.session_id,
      definition_version: expect.stringMatching(/^[0-9a-f]{12}$/),
      delivery: { received: 2, missing: 0 },
    });
    expect(vector.watermark).toBe((vector.event_time as number) - 5000);
    expect(Object.keys(vector.features as object)).toEqual(sessionFeatures.map(({ name }) => name));
  });

  it("serves the features of a set, with its name, version and hash", async () => {
    const body = batch([page(0), custom(1)]);
    await accept(body);
    const readSet = async (set: string) =>
      (await read(`${body.session_id}?set=${set}`)).json<{ set: { hash: string }; features: object }>();
    const latest = await readSet("reading");
    expect(latest).toMatchObject({
      set: { name: "reading", version: 2, hash: expect.stringMatching(/^[0-9a-f]{12}$/) },
    });
    expect(Object.keys(latest.features)).toEqual(["page_view_count", "engagement_score"]);
    const first = await readSet("reading:1");
    expect(first).toMatchObject({ set: { name: "reading", version: 1 }, features: { event_count: 2 } });
    expect(first.set.hash).not.toBe(latest.set.hash);
    expect(await errorOf(await read(`${body.session_id}?set=reading:3`))).toEqual([
      400,
      "invalid_query",
      'set: session has no set "reading:3"; expected reading:1, reading:2.',
    ]);
  });

  it("serves the features that the query lists, in its order, and no set", async () => {
    const body = batch([page(0), custom(1)]);
    await accept(body);
    const served = await (await read(`${body.session_id}?features=page_view_count,event_count`)).json<object>();
    expect(served).toMatchObject({ features: { page_view_count: 1, event_count: 2 }, age_ms: expect.any(Number) });
    expect(Object.keys((served as { features: object }).features)).toEqual(["page_view_count", "event_count"]);
    expect(served).not.toHaveProperty("set");
  });

  it.each([
    ["features=", "features: session has no feature"],
    ["features=page_views", 'features: session has no feature "page_views"'],
    ["features=event_count,no", 'features: session has no feature "no"'],
    ["features=click_cout", "such as click_count."],
    ["features=event_count&set=reading", "features: expected either set or features"],
    ["sets=reading", "sets: unknown parameter; expected set, features"],
    ["key=tm_shop_aaaaaaaa", "key: unknown parameter"],
    ["__proto__=1", "__proto__: unknown parameter"],
    ["set=reading:1:2", "set: session has no set"],
    ["set=reading&set=reading", "set: expected one value; given 2"],
    [`${"x".repeat(300)}=1`, "x".repeat(197)],
  ])("rejects the query %s", async (query, message) => {
    for (const read of [`session/${newSession()}`, "session/short"].map((path) => `/v1/features/${path}?${query}`)) {
      const response = await request(read, { headers: { authorization: "Bearer shop-read-key" } });
      expect(await errorOf(response)).toEqual([400, "invalid_query", expect.stringContaining(message)]);
    }
  });

  it("rejects a read without a key or with a wrong one", async () => {
    const id = newSession();
    expect(await errorOf(await request(`/v1/features/session/${id}`))).toEqual([
      401,
      "unauthorized",
      expect.stringContaining("Bearer"),
    ]);
    expect(await errorOf(await read(id, "wrong"))).toEqual([401, "unauthorized", expect.any(String)]);
    expect(await errorOf(await read(id, ""))).toEqual([401, "unauthorized", expect.any(String)]);
  });

  it("looks up no object for an id that no session of the site can have", async () => {
    const getByName = vi.fn(() => ({ vector: async () => undefined }));
    const app = createApp(config, createTenants(config));
    const headers = { authorization: "Bearer shop-read-key" };
    const readWith = (id: string) => {
      const SESSION = { getByName };
      const path = `/v1/features/session/${encodeURIComponent(id)}`;
      return app.request(path, { headers }, { ...env, SESSION }, createExecutionContext());
    };
    for (const id of ["short", "x".repeat(65), "x".repeat(10_000), "session 10", "shop.session-1\n"])
      expect((await errorOf(await readWith(id))).slice(0, 2)).toEqual([404, "not_found"]);
    expect((await errorOf(await readWith("blog.session-1"))).slice(0, 2)).toEqual([403, "foreign_session"]);
    expect(getByName).not.toHaveBeenCalled();
    await readWith("shop.session-1");
    expect(getByName).toHaveBeenCalledOnce();
  });

  it("serves neither unknown sessions nor those of another site, even under the same id", async () => {
    const body = batch([custom(0)], { session_id: "shared-id-of-the-caller" });
    await accept(body);
    expect((await read(body.session_id)).status).toBe(200);
    expect(await errorOf(await read(body.session_id, "blog-read-key"))).toEqual([
      404,
      "not_found",
      expect.stringContaining("Site blog"),
    ]);
    expect(await errorOf(await read(newSession()))).toEqual([404, "not_found", expect.any(String)]);

    await accept({ ...batch([custom(0), custom(1)], { session_id: body.session_id, key: "tm_blog_bbbbbbbb" }) });
    const counts = await Promise.all(
      ["shop-read-key", "blog-read-key"].map(
        async (key) =>
          (await (await read(body.session_id, key)).json<{ features: { event_count: number } }>()).features.event_count,
      ),
    );
    expect(counts).toEqual([1, 2]);
  });

  it("has the referrer of the first page view as the entry referrer, and never a page of the site", async () => {
    const entryOf = async (referrers: (string | undefined)[]) => {
      const events = referrers.map((_, seq) => ({ ...page(seq), view_id: `view00000${seq}` }));
      const views = referrers.map((referrer, seq) => ({
        ...view,
        view_id: `view00000${seq}`,
        ...(referrer !== undefined && { referrer }),
      }));
      // The first page view arrives last.
      const body = batch(events.slice(1), { views });
      await accept(body);
      await accept({ ...body, events: events.slice(0, 1) });
      return (await vectorOf(body.session_id)).features.entry_referrer;
    };
    const [search, own] = ["https://search.example/", "https://shop.example/b"];
    expect(await entryOf([search, own])).toBe(search);
    expect(await entryOf([undefined, own])).toBeNull();
    expect(await entryOf([undefined, search])).toBeNull();
    expect(await entryOf([own, search])).toBeNull();
  });

  it("has null for a feature whose signal runs in no page view, for each entity", async () => {
    const anonymous_id = "browser-of-signals";
    const withSignals = (signals: string | undefined, path: string, seq: number) => ({
      ...batch([page(seq), custom(seq + 1)], { anonymous_id, session_id: newSession() }),
      views: [{ ...view, path, ...(signals !== undefined && { signals }) }],
    });
    const stated = withSignals("pageViews clicks", "/stated", 0);
    await accept(stated);
    await expect.poll(() => rollupVectorOf("page", "/stated")).toBeDefined();
    const expected = { link_click_count: null, dead_click_count: null, hover_count: null, dwell_ms: null };
    expect((await vectorOf(stated.session_id)).features).toMatchObject({
      click_count: 0,
      is_bounce: null,
      ...expected,
    });
    expect((await rollupVectorOf("page", "/stated"))?.features).toMatchObject({
      page_clicks: 0,
      page_video_plays: null,
    });
    const user = async () => (await rollupVectorOf("user", anonymous_id))?.features;
    expect(await user()).toMatchObject({ clicks_last_minute: 0, user_video_plays_7d: null });

    // An SDK that does not state its signals.
    const unstated = withSignals(undefined, "/unstated", 0);
    await accept(unstated);
    await expect.poll(async () => (await user())?.user_session_count).toBe(2);
    expect((await vectorOf(unstated.session_id)).features).toMatchObject({ link_click_count: 0, dwell_ms: 0 });
    expect(await user()).toMatchObject({ clicks_last_minute: 0, user_video_plays_7d: 0 });
  });

  it("computes the features by their definitions", async () => {
    const at = { view_id: view.view_id };
    const target = { tag: "button", path: "#buy" };
    const click = (seq: number, time: number) => ({
      type: "click",
      seq,
      time,
      ...at,
      target,
      x: 1,
      y: 2,
      page_x: 1,
      page_y: 2,
      button: 0,
      pointer_type: "mouse",
    });
    const hover = (seq: number, ms: number, clicked: boolean) => ({
      type: "hover",
      seq,
      time: NOW + 9000,
      ...at,
      target,
      element_hover_duration: ms,
      x: 1,
      y: 1,
      pointer_type: "mouse",
      clicked,
    });
    const scroll = (seq: number, percentage: number, reached: number) => ({
      type: "scroll",
      seq,
      time: NOW + reached,
      ...at,
      scroll_depth_percentage: percentage,
      scroll_depth_px: 10,
      scroll_depth_delta_px: 1,
      scroll_percentage: 1,
      reversals: seq,
      depth_reached_ms: reached,
      viewport_height: 1,
      content_height: 1,
    });
    const dwell = (seq: number, engaged: number) => ({
      type: "dwell",
      seq,
      time: NOW + 60_000,
      ...at,
      visible_ms: engaged * 2,
      focused_ms: engaged,
      active_ms: engaged,
      engaged_ms: engaged,
      engaged_delta_ms: 1,
      idle_after_ms: 5000,
      rule_version: 1,
    });
    const body = batch(
      [
        page(0),
        click(1, NOW + 1000),
        click(2, NOW + 2000),
        hover(3, 400, true),
        hover(4, 600, false),
        scroll(5, 40, 29_000),
        scroll(6, 90, 31_000),
        dwell(7, 10_000),
        dwell(8, 25_000),
      ],
      { sent_at: NOW + 60_000 },
    );
    expect(await accept(body)).toMatchObject({ accepted: 9 });
    const { features } = await (await read(body.session_id)).json<{ features: Record<string, unknown> }>();
    expect(Object.keys(features)).toEqual(sessionFeatures.map(({ name }) => name));
    expect(features).toMatchObject({
      session_duration_ms: 60_000,
      event_count: 9,
      page_view_count: 1,
      entry_path: "/a",
      current_path: "/a",
      dwell_ms: 25_000,
      visible_ms: 50_000,
      focused_ms: 25_000,
      longest_view_ms: 25_000,
      engagement_ratio: 0.5,
      scroll_depth_max: 90,
      scroll_depth_30s: 40,
      scroll_reversals: 6,
      click_count: 2,
      click_frequency: 2,
      hover_count: 2,
      hover_ms_total: 1000,
      hover_ms_max: 600,
      hover_ms_mean: 500,
      hover_click_count: 1,
      hover_click_ratio: 0.5,
      recent_paths: ["/a"],
      pages_read_count: 1,
      is_bounce: false,
      lcp_ms: null,
      custom_event_count: 0,
      identified_count: 0,
    });
  });
});

describe("POST /v1/features/session/{id}", () => {
  const other = SECRET.replaceAll("1", "5");

  it("serves a page its session for the secret of the first batch", async () => {
    const body = batch([page(0), custom(1)], { session_secret: SECRET });
    await accept(body);
    const [ofPage, ofServer] = [await readByPage(body.session_id), await read(body.session_id)];
    expect([ofPage.status, stablePart(await ofPage.json())]).toEqual([200, stablePart(await ofServer.json())]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["another secret", { session_secret: SECRET }],
    ["no secret", {}],
  ])(
    "serves nothing for the id of a session that began with %s, also after a batch with this one",
    async (_, first) => {
      const session_id = newSession();
      await accept(batch([custom(0)], { session_id, ...first }));
      await accept(batch([custom(1)], { session_id, session_secret: other }));
      const known = await errorOf(await readByPage(session_id, {}, { session_secret: other }));
      expect(known.slice(0, 2)).toEqual([404, "not_found"]);
      // Both events are measured, and an unknown session gets the same error.
      expect((await vectorOf(session_id)).delivery.received).toBe(2);
      const unknown = newSession();
      const [, , message] = await errorOf(await readByPage(unknown, {}, { session_secret: other }));
      expect(message.replace(unknown, session_id)).toBe(known[2]);
    },
  );

  it.each([undefined, null, "", "short", "x".repeat(21), "x".repeat(65), 5, ["x".repeat(30)]])(
    "rejects a read with %j instead of a secret",
    async (session_secret) => {
      const body = batch([custom(0)]);
      await accept(body);
      const response = await request(`/v1/features/session/${body.session_id}`, {
        method: "POST",
        body: JSON.stringify({ key: body.key, session_secret }),
      });
      const [status, code, message] = await errorOf(response);
      expect([status, code]).toEqual([400, "invalid_body"]);
      expect(message).toContain("session_secret");
    },
  );

  it("serves no other site's session, and no page of another origin", async () => {
    const body = batch([custom(0)], { session_secret: SECRET });
    await accept(body);
    const blog = { origin: "http://localhost:3000" };
    const ofBlog = await readByPage(body.session_id, blog, { key: "tm_blog_bbbbbbbb" });
    expect((await errorOf(ofBlog)).slice(0, 2)).toEqual([403, "foreign_session"]);
    const foreign = await readByPage(body.session_id, { origin: "https://evil.example" });
    expect((await errorOf(foreign)).slice(0, 2)).toEqual([403, "origin_not_allowed"]);
  });

  it("replaces the read by the public key and the id alone", async () => {
    const body = batch([custom(0)], { session_secret: SECRET });
    await accept(body);
    const response = await request(`/v1/features/session/${body.session_id}?key=tm_shop_aaaaaaaa`);
    expect((await errorOf(response)).slice(0, 2)).toEqual([401, "unauthorized"]);
  });

  it("needs a secret of which the collector stores the SHA-256 only, also in a log", async () => {
    const session_secret = crypto.randomUUID();
    const body = batch([custom(0)], {
      session_secret,
      consent: { measurement: "granted", personalisation: "granted" },
    });
    await accept(body);
    const object = sessionOf(env as unknown as Env, tenant("shop"), body.session_id);
    const rows = await runInDurableObject(object, (_, { storage }) => rowsOf(storage));
    expect(JSON.stringify(rows)).toContain(createHash("sha256").update(session_secret).digest("hex"));
    expect(JSON.stringify(rows)).not.toContain(session_secret);
    const records = traffic.records.filter(({ session }) => session === body.session_id);
    const texts = records.flatMap(({ records }) =>
      [...framesIn(records)].map(({ body }) => `${inflateRawSync(body, { dictionary: DICTIONARY })}`),
    );
    expect(texts.join()).toContain(body.session_id);
    expect(texts.join()).not.toContain(session_secret);
  });
});

describe("a deployment", () => {
  it("does not start with an invalid feature, which the error names with the reason", () => {
    const [feature] = sessionFeatures;
    const features = [{ ...feature, aggregate: { type: "sum", field: "time_spent" } }] as unknown as Feature[];
    const site = { id: "a", key: "tm_a_aaaaaaaa", origins: ["https://a.example"], readKeySecret: "READ_KEY" };
    expect(() => defineConfig({ sites: [site], adminKeySecret: "ADMIN_KEY", features })).toThrow(
      `tidemark.config.ts: feature ${feature.name}: aggregate.field: any has no field time_spent; expected a number: `,
    );
  });
});

describe("the other routes", () => {
  it("return the status and the version of the definitions at GET /healthz", async () => {
    expect(await (await request("/healthz")).json()).toEqual({
      status: "ok",
      contract_version: 1,
      definition_version: expect.any(String),
    });
  });

  it("return the error not_found for an unknown path", async () => {
    expect(await errorOf(await request("/v1/nothing"))).toEqual([404, "not_found", "There is no GET /v1/nothing."]);
  });
});

describe("the path of a read", () => {
  it.each(["%", "%E0%A4%A", "%ED%A0%80", "%C3%28", "a%2", "%FF"])("rejects %s, which is no text", async (text) => {
    const headers = { authorization: "Bearer shop-read-key" };
    for (const path of [`session/${text}`, `user/${text}`, `page/${text}`, `product/${text}`, `${text}/id`]) {
      const response = await request(`/v1/features/${path}`, { headers });
      expect(await errorOf(response)).toEqual([400, "invalid_path", expect.stringContaining("encodeURIComponent")]);
    }
  });

  it.each(["%25", "%00", "%20", "a%2Fb", "..", "%2E%2E", "x".repeat(10_000), "%F0%9F%8E%88", "__proto__"])(
    "does not find %s, which is the id of nothing",
    async (text) => {
      const headers = { authorization: "Bearer shop-read-key" };
      // A path that ends in two dots is that of a route with another method.
      for (const entity of ["session", "user", "page", "product"])
        expect((await request(`/v1/features/${entity}/${text}`, { headers })).status).toBeOneOf([404, 405]);
    },
  );
});
