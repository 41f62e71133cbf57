import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SessionVectorAsOf, SessionVectorResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { bucketOf } from "../../src/log/bucket.ts";
import {
  accept,
  batch,
  errorOf,
  NOW,
  newSession,
  page,
  read,
  request,
  rewriteSession,
  SECRET,
  vectorOf,
} from "../workers/client.ts";
import { tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const admin = { headers: { authorization: "Bearer admin-key" } };
const post = (path: string) => request(`${path}?site=shop`, { ...admin, method: "POST" });
const eventually = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 20_000, interval: 20 });

/** Names of the sessions whose events are in no file yet. */
const tail = async (): Promise<string> => (await request("/v1/log/tail?site=shop", admin)).text();

/** The part of a vector that a read of the past has too. */
const commonPart = ({
  event_time,
  watermark,
  age_ms,
  late,
  too_late,
  ...more
}: SessionVectorResponse | SessionVectorAsOf) => {
  const { entity, id, definition_version, features } = more;
  return { entity, id, event_time, watermark, age_ms, late, too_late, definition_version, features };
};

/** The time by which a live read has computed its vector. */
const timeOf = ({ event_time, age_ms }: SessionVectorResponse): number => event_time + age_ms;

const readAsOf = async (id: string, as_of: number | string, query = ""): Promise<SessionVectorAsOf> => {
  const response = await read(`${id}?as_of=${as_of}${query}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
};

/** A live read. When it returns, the clock shows a later time than that of the read. */
const readLive = async (id: string): Promise<SessionVectorResponse> => {
  const vector = await vectorOf(id);
  await vi.waitUntil(() => Date.now() > timeOf(vector), { interval: 1 });
  return vector;
};

/** Pseudo-random numbers below 1. */
const createRandom = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
};

/** The events of a batch: of any time, so that some are late, too late or have been sent before. */
const randomEvents = (random: () => number, from: number): unknown[] =>
  Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => {
    const seq = Math.max(0, from + index - Math.floor(random() * 3));
    const time = NOW + Math.floor(random() * 40_000);
    if (seq % 3 === 0) return { ...page(seq), time };
    return { type: "custom", seq, time, name: `n${seq % 4}`, properties: { price: random(), text: "\ud800é" } };
  });

afterEach(() => {
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
});

describe("GET /v1/features/session/{id}?as_of=", () => {
  it.each([1, 2, 3])(
    "serves what a live read served at each moment, wherever the records are now (seed %i)",
    async (seed) => {
      const random = createRandom(seed);
      const session_id = newSession();
      const moments: SessionVectorResponse[] = [];
      const check = async () => {
        for (const served of moments)
          expect(commonPart(await readAsOf(session_id, timeOf(served)))).toEqual(commonPart(served));
      };
      let seq = 0;
      const visit = async (count: number) => {
        for (let each = 0; each < count; each += 1) {
          const tab_id = random() < 0.5 ? "tab0000001" : "tab0000002";
          await accept(batch(randomEvents(random, seq), { session_id, tab_id, sent_at: NOW + 60_000 }));
          seq += 3;
          moments.push(await readLive(session_id));
        }
      };
      await visit(3);
      await eventually(async () => expect(await tail()).toContain(session_id));
      await check();
      await post("/v1/log/cut");
      await check();
      await visit(1);
      await eventually(async () => expect(await tail()).toContain(session_id));
      await post("/v1/log/cut");
      expect((await (await post("/v1/log/compact")).json<{ replaced: number }>()).replaced).toBeGreaterThan(1);
      await check();

      traffic.fault = ({ sender }) => (sender === session_id ? "lose_request" : undefined);
      await visit(3);
      expect(await tail()).not.toContain(session_id);
      await check();
      await evictDurableObject(sessionOf(bindings, tenant("shop"), session_id));
      await check();
    },
  );

  it("serves a set, listed features, and a time in ISO 8601", async () => {
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    const first = await readLive(session_id);
    await accept(batch([page(1)], { session_id }));
    await readLive(session_id);
    const time = new Date(timeOf(first)).toISOString();
    expect(await readAsOf(session_id, time, "&set=reading:1")).toMatchObject({
      as_of: timeOf(first),
      set: { name: "reading", version: 1 },
      features: { event_count: 1 },
    });
    const { features } = await readAsOf(session_id, time, "&features=page_view_count,event_count");
    expect(features).toEqual({ page_view_count: 1, event_count: 1 });
  });

  it("serves a closed session, whose final vector is a record, and one that the collector has deleted", async () => {
    const session_id = newSession();
    const moments: SessionVectorResponse[] = [];
    const session = sessionOf(bindings, tenant("shop"), session_id);
    const clock = Date.now.bind(Date);
    let passed = 0;
    vi.spyOn(Date, "now").mockImplementation(() => clock() + passed);
    for (const seq of [0, 1]) {
      await accept(batch([page(seq)], { session_id }));
      moments.push(await readLive(session_id));
      passed += 3_600_000;
      await runDurableObjectAlarm(session);
    }
    expect(await vectorOf(session_id)).toMatchObject({ version: 2 });
    const check = async () => {
      for (const served of moments)
        expect(commonPart(await readAsOf(session_id, timeOf(served)))).toEqual(commonPart(served));
    };
    await check();
    await eventually(async () => expect(await tail()).toContain('"version":2'));
    await runInDurableObject(session, (_, state) => state.storage.deleteAll());
    await evictDurableObject(session);
    expect((await read(session_id)).status).toBe(404);
    await check();
    await post("/v1/log/cut");
    await check();
  });

  it("is unknown before the session's first event", async () => {
    const before = Date.now() - 1;
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    for (const id of [session_id, newSession()])
      expect(await errorOf(await read(`${id}?as_of=${before}`))).toEqual([
        404,
        "not_found",
        expect.stringContaining(`had received no event of session ${id} at ${new Date(before).toISOString()}`),
      ]);
  });

  it("is an error when the log does not have all events", async () => {
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    await eventually(async () => expect(await tail()).toContain(session_id));
    await post("/v1/log/cut");
    await accept(batch([page(1)], { session_id }));
    const { as_of } = await readAsOf(session_id, timeOf(await readLive(session_id)));
    const bucket = bucketOf(bindings);
    const manifests = await bucket.list({ prefix: "log/v1/manifest/site=shop/" });
    const kept = await Promise.all(
      manifests.objects.map(async ({ key }) => [key, await (await bucket.get(key))?.text()] as const),
    );
    await bucket.delete(kept.map(([key]) => key));
    const error = await errorOf(await read(`${session_id}?as_of=${as_of}`));
    for (const [key, text] of kept) await bucket.put(key, text ?? "");
    expect(error).toEqual([410, "expired", expect.stringContaining("does not have all events")]);

    const session = sessionOf(bindings, tenant("shop"), session_id);
    await evictDurableObject(session);
    // One event less has a record: the site had no log at first.
    await runInDurableObject(session, (_, { storage }) =>
      rewriteSession(storage, (stored) => {
        stored.arrivals -= 1;
      }),
    );
    await evictDurableObject(session);
    expect(await errorOf(await read(`${session_id}?as_of=${as_of}`))).toEqual([
      410,
      "expired",
      expect.stringContaining("before the site had a log"),
    ]);
  });

  it("names the command when it would read more than 32 MB of the log", async () => {
    const session_id = newSession();
    await accept(batch([page(0)], { session_id }));
    const as_of = timeOf(await readLive(session_id));
    const key = `log/v1/manifest/site=shop/date=${new Date(as_of).toISOString().slice(0, 10)}/63.json`;
    await bucketOf(bindings).put(key, JSON.stringify({ files: [], padding: "x".repeat(32_000_000) }));
    const error = await errorOf(await read(`${session_id}?as_of=${as_of}`));
    await bucketOf(bindings).delete(key);
    const time = new Date(as_of).toISOString();
    expect(error).toEqual([
      422,
      "log_too_large",
      expect.stringContaining(
        `more than 32 MB of the log would be read. Run: tidemark features as-of session ${session_id} --at ${time}`,
      ),
    ]);
  });

  it("rejects what it cannot compute", async () => {
    const id = newSession();
    const errorFor = async (path: string, key = "shop-read-key") =>
      errorOf(await request(`/v1/features/${path}`, { headers: { authorization: `Bearer ${key}` } }));
    const now = Date.now();
    expect(await errorFor(`session/${id}?as_of=${now + 60_000}`)).toEqual([
      400,
      "invalid_query",
      "as_of: expected a time of the past.",
    ]);
    for (const text of ["yesterday", "9999999999999999", ""])
      expect((await errorFor(`session/${id}?as_of=${text}`)).slice(0, 2)).toEqual([400, "invalid_query"]);
    expect((await errorFor(`session/blog.session-1?as_of=${now}`)).slice(0, 2)).toEqual([403, "foreign_session"]);
    expect((await errorFor(`session/x?as_of=${now}`)).slice(0, 2)).toEqual([404, "not_found"]);
    expect((await errorFor(`session/blog.session-1?as_of=${now}`, "blog-read-key")).slice(0, 2)).toEqual([
      404,
      "no_log",
    ]);
    expect(await errorFor(`user/ann?as_of=${now}`)).toEqual([
      400,
      "invalid_query",
      `as_of: expected for a session only. Run: tidemark features as-of user "ann" --at ${now}`,
    ]);
    const body = JSON.stringify({ key: "tm_shop_aaaaaaaa", session_secret: SECRET });
    const headers = { origin: "https://shop.example" };
    const byPage = await request(`/v1/features/session/${id}?as_of=${now}`, { method: "POST", headers, body });
    expect(await errorOf(byPage)).toEqual([400, "invalid_query", expect.stringContaining("as_of: unknown parameter")]);
  });
});
