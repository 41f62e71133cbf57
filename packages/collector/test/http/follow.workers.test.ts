import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SessionVectorResponse } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { accept, batch, batchFor, custom, errorOf, newSession, page, request, SECRET } from "../workers/client.ts";
import { kserve, serveModels } from "../workers/model-server.ts";
import { tenant } from "../workers/worker.ts";

const objectOf = (id: string, site = "shop") => sessionOf(env as unknown as Env, tenant(site), id);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Asks to follow a session as a page does. */
const ask = (id: string, query = "", headers: Record<string, string> = {}, key = "tm_shop_aaaaaaaa") =>
  request(`/v1/follow/${id}?key=${key}${query}`, {
    headers: { upgrade: "websocket", origin: "https://shop.example", ...headers },
  });

/** A connection of a page, with the vectors that it has received and the close event. */
interface Connection {
  socket: WebSocket;
  messages: string[];
  closed: Promise<[code: number, reason: string]>;
  /** The features of the next vector that has not been taken yet. */
  next(): Promise<SessionVectorResponse>;
}

const connect = async (...asked: Parameters<typeof ask>): Promise<Connection> => {
  const response = await ask(...asked);
  const socket = response.webSocket;
  if (!socket) throw new Error(`expected a connection, got ${response.status} ${await response.text()}`);
  const messages: string[] = [];
  let taken = 0;
  socket.addEventListener("message", ({ data }) => {
    messages.push(String(data));
  });
  const closed = new Promise<[number, string]>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve([code, reason]));
  });
  socket.accept();
  const next = async () => {
    await expect.poll(() => messages.length).toBeGreaterThan(taken);
    taken += 1;
    return JSON.parse(messages[taken - 1] ?? "") as SessionVectorResponse;
  };
  return { socket, messages, closed, next };
};

const prove = ({ socket }: Connection, session_secret: unknown = SECRET) =>
  socket.send(JSON.stringify({ session_secret }));

const follow = async (...asked: Parameters<typeof ask>): Promise<Connection> => {
  const connection = await connect(...asked);
  prove(connection);
  return connection;
};

/** Begins a session with one custom event. */
const begin = async (more: Record<string, unknown> = {}): Promise<string> => {
  const session_id = newSession();
  await accept(batch([custom(0)], { session_id, session_secret: SECRET, ...more }));
  return session_id;
};

const add = (session_id: string, event: object, more = {}) =>
  accept(batch([event], { session_id, session_secret: SECRET, ...more }));

const COUNT = "&features=event_count";

describe("a page that follows its session", () => {
  it("receives the vector at once, and again after each batch that changes it", async () => {
    const id = await begin();
    const page = await follow(id);
    const first = await page.next();
    expect(first).toMatchObject({ entity: "session", id, features: { event_count: 1, custom_event_count: 1 } });
    await add(id, custom(1));
    expect(await page.next()).toMatchObject({ features: { event_count: 2, custom_event_count: 2 } });
  });

  it("receives a feature set, or features that it names", async () => {
    const id = await begin();
    const [set, named] = [await follow(id, "&set=reading:1"), await follow(id, COUNT)];
    const { features, set: served } = await set.next();
    expect([served?.name, served?.version, features]).toEqual(["reading", 1, { event_count: 1 }]);
    expect((await named.next()).features).toEqual({ event_count: 1 });
  });

  it("receives the prediction of a server when it comes, without another batch", async () => {
    const session_id = newSession("lake");
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    serveModels(async (asked) => {
      await held;
      return kserve(asked);
    });
    await accept(batchFor("lake", [custom(0)], { session_id, session_secret: SECRET }));
    const origin = "https://lake.example";
    const page = await follow(session_id, "&features=prediction.served", { origin }, "tm_lake_22222222");
    expect((await page.next()).features).toEqual({ "prediction.served": null });
    release();
    expect((await page.next()).features).toEqual({ "prediction.served": 1 });
  });

  it("receives nothing when a batch changes nothing of its selection", async () => {
    const id = await begin();
    const [views, events] = [await follow(id, "&features=page_view_count"), await follow(id, COUNT)];
    expect((await views.next()).features).toEqual({ page_view_count: 0 });
    await events.next();
    await add(id, custom(1));
    // A duplicate changes nothing at all.
    await add(id, custom(1));
    expect((await events.next()).features).toEqual({ event_count: 2 });
    await add(id, page(2));
    expect((await views.next()).features).toEqual({ page_view_count: 1 });
    expect((await events.next()).features).toEqual({ event_count: 3 });
    expect([views.messages.length, events.messages.length]).toEqual([2, 3]);
  });

  it("receives the changes of a second together", async () => {
    const id = await begin();
    const page = await follow(id, COUNT);
    await page.next();
    const startedAt = Date.now();
    for (let seq = 1; seq <= 60; seq += 1) await add(id, custom(seq));
    await expect.poll(() => page.messages.at(-1)).toContain('"event_count":61');
    expect(page.messages.length).toBeLessThanOrEqual(2 + Math.ceil((Date.now() - startedAt) / 1_000));
  });

  it("is followed again after its object has left the memory", async () => {
    const id = await begin();
    const page = await follow(id, COUNT);
    await page.next();
    await evictDurableObject(objectOf(id));
    await add(id, custom(1));
    expect((await page.next()).features).toEqual({ event_count: 2 });
    await evictDurableObject(objectOf(id));
    // The digest of the latest vector survives too.
    await add(id, custom(1));
    await add(id, custom(2));
    expect((await page.next()).features).toEqual({ event_count: 3 });
    expect(page.messages).toHaveLength(3);
  });

  it("gets a pong for a ping, without the object", async () => {
    const page = await follow(await begin(), COUNT);
    await page.next();
    page.socket.send("ping");
    await expect.poll(() => page.messages.at(-1)).toBe("pong");
  });

  it("is disconnected when its visitor withdraws the consent", async () => {
    const granted = { consent: { measurement: "granted", personalisation: "granted" } };
    const id = await begin(granted);
    const page = await follow(id, COUNT);
    await page.next();
    await add(id, custom(1), { consent: { ...granted.consent, personalisation: "denied" } });
    expect(await page.closed).toEqual([4403, "no_consent"]);
    expect(page.messages).toHaveLength(1);
    expect(await (await follow(id)).closed).toEqual([4403, "no_consent"]);
  });

  it("needs consent where the browser sends Global Privacy Control", async () => {
    const connection = await follow(await begin(), "", { "sec-gpc": "1" });
    expect(await connection.closed).toEqual([4403, "no_consent"]);
  });

  it("does not keep the session from closing", async () => {
    const id = await begin();
    const page = await follow(id, COUNT);
    await page.next();
    vi.setSystemTime(Date.now() + 31 * 60_000);
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    expect(await objectOf(id).vector("shop")).toMatchObject({ version: 1 });
    expect(page.messages).toHaveLength(1);
  });
});

describe("a connection is closed", () => {
  const unproven: [string, unknown, [number, string]][] = [
    ["a wrong secret", JSON.stringify({ session_secret: SECRET.replace("1", "2") }), [4404, "not_found"]],
    ["no secret", "{}", [4400, "invalid_body"]],
    ["another field", JSON.stringify({ session_secret: SECRET, key: "x" }), [4400, "invalid_body"]],
    ["no JSON", "hello", [4400, "invalid_body"]],
    ["null", "null", [4400, "invalid_body"]],
    ["bytes", new Uint8Array([1, 2]), [4400, "invalid_body"]],
    ["a large message", JSON.stringify({ session_secret: SECRET, more: "x".repeat(2_000) }), [4413, "body_too_large"]],
    ["a message of a megabyte", "x".repeat(1_000_000), [4413, "body_too_large"]],
  ];
  it.each(unproven)("after a first message with %s", async (_, message, expected) => {
    const id = await begin();
    const connection = await connect(id);
    connection.socket.send(message as string);
    expect(await connection.closed).toEqual(expected);
    await add(id, custom(1));
    expect(connection.messages).toEqual([]);
  });

  it("for a session of which the collector has no event, which then stores nothing", async () => {
    const id = newSession();
    expect(await (await follow(id)).closed).toEqual([4404, "not_found"]);
    const stored = await runInDurableObject(objectOf(id), async (_, { storage }) => [
      [...storage.kv.list()].length,
      await storage.getAlarm(),
    ]);
    expect(stored).toEqual([0, null]);
  });

  it("after a message that is not the first", async () => {
    const page = await follow(await begin(), COUNT);
    await page.next();
    prove(page);
    expect(await page.closed).toEqual([4400, "invalid_body"]);
  });

  it("without a proof in ten seconds, and gets no vector until then", async () => {
    const id = await begin();
    const timers = vi.spyOn(globalThis, "setTimeout");
    const [silent, proven] = [await connect(id, COUNT), await follow(id, COUNT)];
    await proven.next();
    await add(id, custom(1));
    await proven.next();
    const [expire] = timers.mock.calls.findLast(([, ms]) => ms === 10_000) ?? [];
    vi.setSystemTime(Date.now() + 10_000);
    await runInDurableObject(objectOf(id), () => expire?.());
    expect(await silent.closed).toEqual([4401, "unauthorized"]);
    expect(silent.messages).toEqual([]);
    await add(id, custom(2));
    expect((await proven.next()).features).toEqual({ event_count: 3 });
  });

  it("if another sixteen connect without a proof: they keep no page from its session", async () => {
    const id = await begin();
    const silent: Connection[] = [];
    for (let number = 0; number < 17; number += 1) silent.push(await connect(id));
    expect(await Promise.race(silent.map(({ closed }) => closed))).toEqual([4429, "too_many_requests"]);
    expect((await (await follow(id, COUNT)).next()).features).toEqual({ event_count: 1 });
  });

  it("if sixteen others have a proof", async () => {
    const id = await begin();
    for (let number = 0; number < 16; number += 1) await (await follow(id, COUNT)).next();
    expect(await (await follow(id)).closed).toEqual([4429, "too_many_requests"]);
  });
});

describe("a request to follow is rejected", () => {
  it("from a page of another site, and with another key", async () => {
    const id = await begin();
    for (const origin of ["https://evil.example", "http://localhost:3000", "null"])
      expect((await errorOf(await ask(id, "", { origin }))).slice(0, 2)).toEqual([403, "origin_not_allowed"]);
    expect((await errorOf(await ask(id, "", {}, "tm_shop_wrongwrong"))).slice(0, 2)).toEqual([401, "unknown_key"]);
  });

  it("for a session of another site", async () => {
    const id = await begin();
    const localhost = { origin: "http://localhost:3000" };
    const response = await ask(id, "", localhost, "tm_blog_bbbbbbbb");
    expect((await errorOf(response)).slice(0, 2)).toEqual([403, "foreign_session"]);
    // An id without a site is one of each site: it is another session there.
    await accept(batchFor("shop", [custom(0)], { session_id: "sessionofshop1", session_secret: SECRET }));
    const other = await follow("sessionofshop1", "", localhost, "tm_blog_bbbbbbbb");
    expect(await other.closed).toEqual([4404, "not_found"]);
  });

  it("without an upgrade, for an invalid id, and for an unknown set, feature or parameter", async () => {
    const id = await begin();
    expect((await errorOf(await ask(id, "", { upgrade: "" }))).slice(0, 2)).toEqual([426, "upgrade_required"]);
    const opened = await errorOf(await ask(id, "&features=event_cuont", { upgrade: "" }));
    expect(opened).toEqual([400, "invalid_query", expect.stringContaining('no feature "event_cuont"')]);
    expect((await errorOf(await ask("a b"))).slice(0, 2)).toEqual([404, "not_found"]);
    for (const query of [
      "&set=unknown",
      "&features=event_cuont",
      "&session_secret=x",
      `&features=${"event_count,".repeat(9)}`,
    ])
      expect((await errorOf(await ask(id, query))).slice(0, 2)).toEqual([400, "invalid_query"]);
  });
});
