import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { MAX_WEBHOOKS, queueWebhook } from "../../src/session/webhooks.ts";
import { RETRY_AFTER_MS, WEBHOOK_KEPT_MS } from "../../src/webhooks/retry.ts";
import { accept, batchFor, custom, newSession, request, rewriteSession, rowsOf } from "../workers/client.ts";
import { receiveWebhooks, type VerifiedMessage } from "../workers/webhook-receiver.ts";
import { tenant } from "../workers/worker.ts";

type SiteName = "hook" | "shop";

const objectOf = (session: string) => sessionOf(env as unknown as Env, tenant(session.split(".")[0] ?? ""), session);

/** Stops a session as a crash does: nothing that is not durable remains. */
const stop = (session: string) =>
  runInDurableObject(objectOf(session), (_, state) => state.abort("the object stops")).catch(() => {});

const storedIn = (session: string) =>
  runInDurableObject(objectOf(session), async (_, { storage }) => ({
    rows: JSON.stringify(rowsOf(storage)),
    alarm: await storage.getAlarm(),
  }));

/** Moves the clock to the session's alarm, and runs it. Returns whether there was one. */
const runAlarm = async (session: string) => {
  vi.setSystemTime(Math.max(Date.now(), (await storedIn(session)).alarm ?? 0));
  return runDurableObjectAlarm(objectOf(session));
};

/** Waits for an effect, however slow the machine is. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

const send = (session: string, seq: number, more: object = {}) =>
  accept(batchFor(session.split(".")[0] as SiteName, [custom(seq)], { session_id: session, ...more }));

const message = (id: string) => ({ id, type: "reaction.fired", time: Date.now(), data: { reaction_id: id } });

/** Changes the stored state of a session, as an object that has stopped left it. */
const rewrite = async (session: string, change: Parameters<typeof rewriteSession>[1]) => {
  await runInDurableObject(objectOf(session), (_, { storage }) => rewriteSession(storage, change));
  await evictDurableObject(objectOf(session));
};

/** A session that stopped after it had queued messages. */
const sessionWith = async (ids: string[], site: SiteName = "hook") => {
  const session = newSession(site);
  await send(session, 0);
  await rewrite(session, (stored) => {
    for (const id of ids) queueWebhook(stored, message(id), Date.now());
  });
  return session;
};

const newId = () => `reaction-${crypto.randomUUID().slice(0, 8)}`;

const isEmpty = async (session: string) => expect((await storedIn(session)).rows).not.toContain('"webhooks"');

/** The deployment's count of messages with an outcome. */
const counted = async (outcome: string, site = "hook") => {
  const text = await (await request("/metrics", { headers: { authorization: "Bearer admin-key" } })).text();
  const line = text
    .split("\n")
    .find((each) => each.startsWith(`tidemark_webhook_messages_total{site="${site}",outcome="${outcome}"}`));
  return Number(line?.split(" ").at(-1) ?? 0);
};

const status = (code: number, headers: Record<string, string> = {}) => new Response(null, { status: code, headers });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a message in a session's queue", () => {
  it("is sent once the session runs again, signed with each secret, and leaves the row when it is delivered", async () => {
    const before = await counted("delivered");
    const received = receiveWebhooks();
    const ids = [newId(), newId()];
    const session = await sessionWith(ids);
    expect(received).toEqual([]);
    await send(session, 1);
    await eventually(() => isEmpty(session));
    expect(received.map(({ id }) => id)).toEqual(ids);
    expect(Math.abs((received[0]?.timestamp ?? 0) - Date.now() / 1_000)).toBeLessThan(2);
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({
      type: "reaction.fired",
      data: { reaction_id: ids[0] },
    });
    await send(session, 2);
    await eventually(async () => expect(await counted("delivered")).toBe(before + 2));
    expect(received).toHaveLength(2);
  });

  it("is sent by the alarm of a session that gets no batch any more", async () => {
    const received = receiveWebhooks();
    const session = await sessionWith([newId()]);
    await runAlarm(session);
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(1);
  });

  it("is sent again under its id, with the same body and a later timestamp, if the session stops before the answer", async () => {
    let isAlive = false;
    const received = receiveWebhooks(() => (isAlive ? status(200) : new Promise(() => {})));
    const session = await sessionWith([newId()]);
    await send(session, 1);
    await eventually(() => expect(received).toHaveLength(1));
    expect((await storedIn(session)).alarm).toBeLessThanOrEqual(Date.now() + 60_000);
    await stop(session);
    isAlive = true;
    vi.setSystemTime(Date.now() + 2_000);
    await runAlarm(session);
    await eventually(() => isEmpty(session));
    const [first, second] = received;
    expect(second).toEqual({ ...first, timestamp: expect.any(Number) });
    expect(second?.timestamp).toBeGreaterThan(first?.timestamp ?? 0);
  });

  it("is not sent without consent to personalisation, and leaves the row", async () => {
    const before = await counted("dropped");
    const received = receiveWebhooks();
    const session = await sessionWith([newId()]);
    await send(session, 1, { consent: { measurement: "granted", personalisation: "denied" } });
    await eventually(() => isEmpty(session));
    expect(received).toEqual([]);
    // The count arrives later. The next test must not take it for its own.
    await eventually(async () => expect(await counted("dropped")).toBe(before + 1));
  });

  it("is dropped by a withdrawal of the consent, also if it is granted again before the next attempt", async () => {
    let isDown = true;
    const received = receiveWebhooks(() => status(isDown ? 500 : 204));
    const before = await counted("dropped");
    const session = await sessionWith([newId()]);
    await send(session, 1);
    await eventually(async () => expect((await storedIn(session)).rows).toContain('"attempts":1'));
    await send(session, 2, { consent: { measurement: "granted", personalisation: "denied" } });
    expect((await storedIn(session)).rows).not.toContain("reaction.fired");
    await send(session, 3, { consent: { measurement: "granted", personalisation: "granted" } });
    isDown = false;
    vi.setSystemTime(Date.now() + 60_000);
    await send(session, 4);
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(1);
    await eventually(async () => expect(await counted("dropped")).toBe(before + 1));
  });

  it("is dropped by a site whose webhook was removed", async () => {
    const before = await counted("dropped", "shop");
    const received = receiveWebhooks();
    const session = await sessionWith([newId()], "shop");
    await send(session, 1);
    await eventually(() => isEmpty(session));
    await eventually(async () => expect(await counted("dropped", "shop")).toBe(before + 1));
    expect(received).toEqual([]);
  });

  it("is dropped beyond the bound, and counted", async () => {
    const before = await counted("dropped");
    const received = receiveWebhooks();
    const session = await sessionWith(Array.from({ length: MAX_WEBHOOKS.messages + 3 }, newId));
    await send(session, 1);
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(MAX_WEBHOOKS.messages);
    await eventually(async () => expect(await counted("dropped")).toBe(before + 3));
  });
});

describe("a reaction that fires", () => {
  const busy = (session: string) =>
    accept(
      batchFor(
        "hook",
        Array.from({ length: 20 }, (_, seq) => custom(seq)),
        { session_id: session },
      ),
    );

  it("is in the answer to no batch: the message is sent afterwards, with the body of the documentation", async () => {
    let respond = () => {};
    const response = new Promise<Response>((resolve) => {
      respond = () => resolve(status(204));
    });
    const received = receiveWebhooks(() => response);
    const session = newSession("hook");
    // The receiver has not responded yet.
    expect(await busy(session)).toMatchObject({ accepted: 20 });
    await eventually(() => expect(received).toHaveLength(1));
    const { id, body } = received[0] as VerifiedMessage;
    expect(JSON.parse(body)).toEqual({
      type: "reaction.fired",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        ...{ site: "hook", reaction: "busy", reaction_id: id, entity: "session", id: session },
        ...{ payload: { text: "Zoë ☂" }, features: { custom_event_count: 20 }, predictions: {} },
        ...{ time: expect.any(Number), expires_at: expect.any(Number) },
      },
    });
    respond();
    await eventually(() => isEmpty(session));
  });

  it("is sent again under its id, if the session stops after its batch", async () => {
    let isAlive = false;
    const received = receiveWebhooks(() => (isAlive ? status(200) : new Promise(() => {})));
    const session = newSession("hook");
    await busy(session);
    await stop(session);
    isAlive = true;
    expect((await storedIn(session)).alarm).toBeLessThanOrEqual(Date.now() + 60_000);
    await eventually(async () => {
      await runAlarm(session);
      await isEmpty(session);
    });
    expect(received.length).toBeGreaterThan(0);
    expect(new Set(received.map(({ id, body }) => id + body)).size).toBe(1);
  });
});

describe("a receiver that fails", () => {
  it("gets a message again after seconds, then after longer times, and not any more after a day", async () => {
    const before = [await counted("retried"), await counted("expired")] as const;
    const received = receiveWebhooks(() => status(503));
    const session = await sessionWith([newId()]);
    const queuedAt = Date.now();
    await send(session, 1);
    const attempts = RETRY_AFTER_MS.length + 1;
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      await eventually(() => expect(received).toHaveLength(attempt));
      // The time of the next attempt is stored with the outcome of this one.
      await eventually(async () => expect((await storedIn(session)).rows).toContain(`"attempts":${attempt}`));
      while (received.length === attempt && (await runAlarm(session)))
        await eventually(async () => expect((await storedIn(session)).alarm).toBeGreaterThan(Date.now()));
    }
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(attempts);
    expect(new Set(received.map(({ id, body }) => id + body)).size).toBe(1);
    const waits = received.slice(1).map(({ timestamp }, index) => timestamp - (received[index]?.timestamp ?? 0));
    for (const [index, wait] of waits.entries()) {
      const expected = (RETRY_AFTER_MS[index] ?? 0) / 1_000;
      expect(wait).toBeGreaterThanOrEqual(0.9 * expected - 1);
      expect(wait).toBeLessThanOrEqual(1.1 * expected + 1);
    }
    expect(Date.now()).toBeLessThan(queuedAt + WEBHOOK_KEPT_MS);
    await eventually(async () => {
      expect(await counted("retried")).toBe(before[0] + attempts - 1);
      expect(await counted("expired")).toBe(before[1] + 1);
    });
  });

  it("gets a message once that it refuses", async () => {
    const before = await counted("refused");
    const received = receiveWebhooks(() => status(410));
    const session = await sessionWith([newId()]);
    await send(session, 1);
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(1);
    await eventually(async () => expect(await counted("refused")).toBe(before + 1));
  });

  it("gets no message of the session before the time that it asks for", async () => {
    let isBusy = true;
    const received = receiveWebhooks(() => (isBusy ? status(429, { "retry-after": "600" }) : status(204)));
    const session = await sessionWith([newId(), newId()]);
    const askedAt = Date.now();
    await send(session, 1);
    await eventually(async () => expect((await storedIn(session)).rows).toContain('"attempts":1'));
    await send(session, 2);
    // Nor a message that is queued meanwhile.
    await rewrite(session, (stored) => queueWebhook(stored, message(newId()), Date.now()));
    await send(session, 3);
    isBusy = false;
    while (Date.now() < askedAt + 590_000) {
      expect(received).toHaveLength(1);
      vi.setSystemTime(Math.min(Date.now() + 120_000, askedAt + 599_999));
      await runDurableObjectAlarm(objectOf(session));
    }
    expect(received).toHaveLength(1);
    await eventually(async () => {
      await runAlarm(session);
      await isEmpty(session);
    });
    expect(received).toHaveLength(4);
  });

  it("gets a message after the usual times when the clock is set back by hours", async () => {
    let isDown = true;
    const received = receiveWebhooks(() => status(isDown ? 503 : 204));
    const session = await sessionWith([newId()]);
    await send(session, 1);
    await eventually(async () => expect((await storedIn(session)).rows).toContain('"attempts":1'));
    vi.setSystemTime(Date.now() - 3 * 3_600_000);
    isDown = false;
    await send(session, 2);
    vi.setSystemTime(Date.now() + 6_000);
    await send(session, 3);
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(2);
  });

  it("holds up no batch and no read of its session, and has one request of it at a time", async () => {
    let respond = () => {};
    const response = new Promise<Response>((resolve) => {
      respond = () => resolve(status(204));
    });
    const received = receiveWebhooks(() => response.then((given) => given.clone()));
    const session = await sessionWith([newId(), newId(), newId()]);
    for (let seq = 1; seq < 6; seq += 1) expect(await send(session, seq)).toMatchObject({ accepted: 1 });
    const headers = { authorization: "Bearer hook-read-key" };
    const read = await request(`/v1/features/session/${session}`, { headers });
    expect(await read.json()).toMatchObject({ features: { custom_event_count: 6 } });
    expect(received).toHaveLength(1);
    // Nor does the alarm fire again and again for messages that wait for this one.
    expect((await storedIn(session)).alarm).toBeGreaterThan(Date.now() + 30_000);
    respond();
    await eventually(() => isEmpty(session));
    expect(received).toHaveLength(3);
  });
});

describe("a session that is about to be deleted", () => {
  it("stays while a message waits", async () => {
    let isDown = true;
    const received = receiveWebhooks(() => status(isDown ? 500 : 204));
    const session = await sessionWith([newId()]);
    await rewrite(session, (stored) => Object.assign(stored, { closed: true, due: [["expire", Date.now()]] }));
    await runAlarm(session);
    await eventually(() => expect(received).toHaveLength(1));
    await eventually(async () => expect((await storedIn(session)).rows).toContain('"attempts":1'));
    await runAlarm(session);
    await eventually(() => expect(received).toHaveLength(2));
    isDown = false;
    await eventually(async () => {
      await runAlarm(session);
      expect(await storedIn(session)).toEqual({ rows: "[]", alarm: null });
    });
    expect(received).toHaveLength(3);
  });
});
