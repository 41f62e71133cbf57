import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import type { Tenants } from "../../src/tenants.ts";
import {
  accept,
  batch,
  batchFor,
  custom,
  errorOf,
  newSession,
  page,
  read,
  request,
  SECRET,
} from "../workers/client.ts";
import { ask, type Connection, connect, follow, prove } from "../workers/connections.ts";
import { kserve, serveModels } from "../workers/model-server.ts";
import { tenant, traffic } from "../workers/worker.ts";

const objectOf = (id: string, site = "shop") => sessionOf(env as unknown as Env, tenant(site), id);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
});

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
    // The clock stands still, and a second ends when the test says so.
    vi.setSystemTime(Date.now());
    let isOver = false;
    const wait = scheduler.wait.bind(scheduler);
    vi.spyOn(scheduler, "wait").mockImplementation(async (ms, options) => {
      if (ms !== 1_000) return wait(ms, options);
      while (!isOver) await wait(5, options);
    });
    for (let seq = 1; seq <= 10; seq += 1) {
      await add(id, custom(seq));
      if (seq === 1) expect((await page.next()).features).toEqual({ event_count: 2 });
    }
    isOver = true;
    expect((await page.next()).features).toEqual({ event_count: 11 });
    expect(page.messages).toHaveLength(3);
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

describe("a page that follows a set with log: true", () => {
  const LABS = [{ origin: "https://labs.example" }, "tm_labs_11111111"] as const;
  const followLabs = (id: string, query: string) => follow(id, query, ...LABS);
  const addLabs = (session_id: string, seq: number) =>
    accept(batchFor("labs", [custom(seq)], { session_id, session_secret: SECRET }));

  /** The records that a session has sent for the log, repeated pushes once. */
  const recordsOf = (id: string) => [
    ...new Map(
      traffic.records
        .filter(({ session }) => session === id)
        .flatMap(({ records }) => [...unpackRecords(records)])
        .map((record) => [record.arrival, record]),
    ).values(),
  ];
  const servedOf = (id: string) =>
    recordsOf(id).flatMap((record) => (record.kind === "served_vector" ? [record.payload] : []));

  it("is recorded with each vector that it receives, once and in order, and the session's past stays readable", async () => {
    const id = newSession("labs");
    let losses = 2;
    traffic.fault = ({ sender }) => (sender === id && losses-- > 0 ? "lose_response" : undefined);
    vi.spyOn(console, "error").mockReturnValue();
    await addLabs(id, 0);
    const [recorded, other] = [await followLabs(id, "&set=served"), await followLabs(id, "&set=counts")];
    const received = [await recorded.next()];
    await other.next();
    await addLabs(id, 1);
    received.push(await recorded.next());
    await evictDurableObject(objectOf(id, "labs"));
    await addLabs(id, 2);
    received.push(await recorded.next());
    expect(received.map(({ features }) => features)).toEqual([1, 2, 3].map((event_count) => ({ event_count })));

    const payloads = received.map(({ id, event_time, age_ms, definition_version, set, features }) => ({
      ...{ reader: "page", entity: "session", id, event_time, age_ms, definition_version, set, features },
    }));
    await expect.poll(() => servedOf(id)).toEqual(payloads);
    const numbers = recordsOf(id).map(({ arrival }) => arrival);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));

    const past = async () => (await read(`${id}?as_of=${Date.now() - 1}&features=event_count`, "labs-read-key")).json();
    expect(await past()).toMatchObject({ features: { event_count: 3 } });
    const admin = { method: "POST", headers: { authorization: "Bearer admin-key" } };
    await request("/v1/log/cut?site=labs", admin);
    expect(await past()).toMatchObject({ features: { event_count: 3 } });
  });

  it("receives no vector that could not be recorded", async () => {
    const id = newSession("labs");
    await addLabs(id, 0);
    // No push of the batch is left that would send the record of a vector too.
    await expect.poll(() => objectOf(id, "labs").records()).toMatchObject({ unsent: new Uint8Array() });
    const page = await connect(id, "&set=served", ...LABS);
    vi.spyOn(console, "error").mockReturnValue();
    await runInDurableObject(objectOf(id, "labs"), (_, { storage }) => {
      vi.spyOn(storage.sql, "exec").mockImplementation(() => {
        throw new Error("the disk is full");
      });
    });
    prove(page);
    expect(await page.closed).toEqual([4503, "unavailable"]);
    expect(page.messages).toEqual([]);
    vi.restoreAllMocks();
    expect((await (await followLabs(id, "&set=served")).next()).features).toEqual({ event_count: 1 });
    await expect.poll(() => servedOf(id)).toHaveLength(1);
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

  it("when the site was removed from the configuration, with and without a proof", async () => {
    const id = await begin();
    const reactions = await follow(id, "&reactions=1");
    const proven = await follow(id, COUNT);
    await proven.next();
    const silent = await connect(id);
    await runInDurableObject(objectOf(id), (session) => {
      const configured = session as unknown as { tenants: Tenants };
      const without = new Map([...configured.tenants].filter(([site]) => site !== "shop"));
      vi.spyOn(configured, "tenants", "get").mockReturnValue(without);
    });
    prove(silent);
    for (const { closed } of [silent, proven, reactions]) expect(await closed).toEqual([4401, "unknown_key"]);
    expect([silent.messages, proven.messages.length, reactions.messages]).toEqual([[], 1, []]);
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
