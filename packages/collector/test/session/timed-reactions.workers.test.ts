import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BatchResponse, DeliveredReaction } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { ReactionPayload } from "@tidemark/schema/log";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { armOf } from "../../src/reactions/arm.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import { accept, batchFor, errorOf, newSession, SECRET } from "../workers/client.ts";
import { ask, type Connection, connect, follow } from "../workers/connections.ts";
import { type ModelRequest, serveModels } from "../workers/model-server.ts";
import { tenant, traffic } from "../workers/worker.ts";

const siteOf = (id: string) => id.split(".")[0] as "wait";
const objectOf = (id: string) => sessionOf(env as unknown as Env, tenant(siteOf(id)), id);

/** Time until a session repeats a push that is not confirmed. */
const REPEAT_MS = 60_000;

const alarmOf = (id: string) => runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());

const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Fires the alarms of a session that are due in a time from now, each at its own time. Returns their times. */
const pass = async (id: string, ms: number): Promise<number[]> => {
  const until = Date.now() + ms;
  const alarms: number[] = [];
  for (let at = await alarmOf(id); at !== null && at <= until; at = await alarmOf(id)) {
    vi.setSystemTime(Math.max(at, Date.now()));
    await runDurableObjectAlarm(objectOf(id));
    alarms.push(Date.now());
  }
  vi.setSystemTime(until);
  return alarms;
};

/** A visitor whose events happen when their batch is sent. */
const visitor = (id = newSession("wait")) => {
  let seq = 0;
  const send = (names: readonly string[], more: Record<string, unknown> = {}): Promise<BatchResponse> => {
    const now = Date.now();
    const events = names.map((name) => ({ type: "custom", seq: seq++, time: now, name }));
    const page = { session_id: id, session_secret: SECRET, reactions_received: [], sent_at: now, views: [] };
    return accept(batchFor(siteOf(id), events, { ...page, ...more }));
  };
  return { id, send };
};

const connectTo = (id: string, query = "&reactions=1", headers = {}): Promise<Connection> =>
  follow(id, query, { origin: `https://${siteOf(id)}.example`, ...headers }, `tm_${siteOf(id)}_44444444`);

const reactionsIn = (text: string) => (JSON.parse(text) as { reactions: DeliveredReaction[] }).reactions;
const namesAt = ({ messages }: Connection) => messages.flatMap(reactionsIn).map(({ name }) => name);

/** Waits for an effect, while the clock stands still. */
const eventually = async (check: () => void | Promise<void>) => {
  for (const end = performance.now() + 20_000; ; await scheduler.wait(10)) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
};

/** Waits until the object has taken the proof of a page. */
const whenFollowed = (id: string, pages = 1) =>
  eventually(async () => {
    const sent = await runInDurableObject(objectOf(id), (_, state) =>
      state
        .getWebSockets()
        .filter((socket) => (socket.deserializeAttachment() as { sent?: string }).sent !== undefined),
    );
    expect(sent).toHaveLength(pages);
  });

const connected = async (id: string): Promise<Connection> => {
  const page = await connectTo(id);
  await whenFollowed(id);
  return page;
};

const stepsOf = (id: string) => {
  const sent = traffic.records.filter(({ session }) => session === id);
  const records = sent.flatMap(({ records }) => [...unpackRecords(records)]);
  return [...new Map(records.map((record) => [record.arrival, record])).values()].flatMap((record) =>
    record.kind === "reaction" ? [record.payload as unknown as ReactionPayload] : [],
  );
};

const denied = { measurement: "granted", personalisation: "denied" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("an idle page", () => {
  it("receives the reaction that time fulfils at its time, without a batch, and the log has its cause", async () => {
    const { id, send } = visitor();
    const at = Date.now();
    expect(await send(["x"])).toMatchObject({ follow_reactions: true });
    const page = await connected(id);
    expect(await alarmOf(id)).toBe(at + 30_000);
    expect(await pass(id, 29_999)).toEqual([]);
    expect(await pass(id, 1)).toEqual([at + 30_000]);
    await eventually(() => expect(page.messages).toHaveLength(1));
    const [reaction] = reactionsIn(page.messages[0] ?? "");
    expect(reaction).toMatchObject({ name: "stuck", payload: { text: "Stuck?" }, expires_in_ms: 60_000 });
    await eventually(() =>
      expect(stepsOf(id)).toEqual([
        expect.objectContaining({
          ...{ reaction: "stuck", reaction_id: reaction?.id, step: "fired", arm: "treatment", time: at + 30_000 },
          features: { since_x: 30_000 },
        }),
      ]),
    );
    const response = await send(["y"], { reactions_received: [reaction?.id] });
    expect(response).not.toHaveProperty("reactions");
  });

  it("receives it after its object has left the memory", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    const page = await connected(id);
    await evictDurableObject(objectOf(id));
    advance(30_000);
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    await eventually(() => expect(namesAt(page)).toEqual(["stuck"]));
    await evictDurableObject(objectOf(id));
    await send(["y"]);
    await send(["now"]);
    // Each only once by a connection.
    await eventually(() => expect(namesAt(page)).toEqual(["stuck", "now"]));
  });

  it("receives it later if the visitor does something, and each firing after a cooldown once", async () => {
    const { id, send } = visitor();
    await send(["x", "again"]);
    const page = await connected(id);
    advance(3_000);
    await send(["again"]);
    await pass(id, 4_999);
    expect(page.messages).toEqual([]);
    await pass(id, 1);
    await eventually(() => expect(namesAt(page)).toEqual(["again"]));
    // Not again while it is not acknowledged.
    await pass(id, 17_000);
    const { reactions = [] } = await send(["x"]);
    await send(["y"], { reactions_received: reactions.map((each) => each.id) });
    await pass(id, 2_999);
    expect(namesAt(page)).toEqual(["again"]);
    await pass(id, 1);
    await eventually(() => expect(namesAt(page)).toEqual(["again", "again"]));
    const ids = page.messages.flatMap(reactionsIn).map((each) => each.id);
    expect(new Set(ids).size).toBe(2);
  });

  it("receives at once what is true when it connects, and what another page has not acknowledged", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    advance(40_000);
    const page = await connected(id);
    await pass(id, 1);
    await eventually(() => expect(namesAt(page)).toEqual(["stuck"]));
    const other = await connectTo(id);
    await eventually(() => expect(other.messages).toHaveLength(1));
    expect(other.messages).toEqual([expect.stringContaining(reactionsIn(page.messages[0] ?? "")[0]?.id ?? "none")]);
  });

  it("receives a reaction that fires in the batch of another tab, as that tab does in its response", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    const [one, two] = [await connectTo(id), await connectTo(id)];
    await whenFollowed(id, 2);
    const { reactions = [] } = await send(["now"], { tab_id: "tab0000002" });
    await eventually(() => expect([namesAt(one), namesAt(two)]).toEqual([["now"], ["now"]]));
    expect(one.messages.flatMap(reactionsIn).map((each) => each.id)).toEqual(reactions.map((each) => each.id));
  });

  it("receives none in the holdout, where it fires for the log alone at the same time", async () => {
    const sessions = Array.from({ length: 16 }, () => visitor());
    const inArm = (arm: string) => sessions.find(({ id }) => armOf({ name: "both", holdout: 0.5 }, id) === arm);
    for (const arm of ["holdout", "treatment"]) {
      const { id, send } = inArm(arm) as (typeof sessions)[0];
      const at = Date.now();
      expect(await send(["both"])).toMatchObject({ follow_reactions: true });
      const page = await connected(id);
      await pass(id, 10_000);
      await eventually(() => expect(stepsOf(id)).toMatchObject([{ reaction: "both", arm, time: at + 10_000 }]));
      await send(["now"]);
      await eventually(() => expect(namesAt(page)).toContain("now"));
      expect(namesAt(page)).toEqual(arm === "holdout" ? ["now"] : ["both", "now"]);
    }
  });

  it("is disconnected when its visitor withdraws the consent, and then nothing fires", async () => {
    const granted = { measurement: "granted", personalisation: "granted" };
    const { id, send } = visitor();
    await send(["x"], { consent: granted });
    const page = await connected(id);
    await send(["y"], { consent: denied });
    expect(await page.closed).toEqual([4403, "no_consent"]);
    await pass(id, 60_000);
    expect([page.messages, stepsOf(id)]).toEqual([[], []]);
    expect(await (await connectTo(id)).closed).toEqual([4403, "no_consent"]);
  });

  it("is disconnected when another user logs in, and receives nothing of that user", async () => {
    const { id, send } = visitor();
    await send(["x"], { user_id: "ann" });
    const page = await connected(id);
    await send(["now"], { user_id: "bob" });
    expect(await page.closed).toEqual([4404, "not_found"]);
    expect(page.messages).toEqual([]);
    const bobs = await connectTo(id);
    await eventually(() => expect(namesAt(bobs)).toEqual(["now"]));
  });

  it("is disconnected when a batch names no user any more, and receives nothing of the user before", async () => {
    const { id, send } = visitor();
    await send(["x"], { user_id: "ann" });
    const page = await connected(id);
    await send(["now"], { user_id: "ann" });
    await eventually(() => expect(namesAt(page)).toEqual(["now"]));
    advance(1_000);
    expect(await send(["x"])).not.toHaveProperty("reactions");
    expect(await page.closed).toEqual([4404, "not_found"]);
    const nobodys = await connected(id);
    expect(nobodys.messages).toEqual([]);
    await send(["x"], { user_id: "ann" });
    await eventually(() => expect(namesAt(nobodys)).toEqual(["now"]));
  });

  it("stays connected when its visitor logs in", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    const page = await connected(id);
    await send(["now"], { user_id: "ann" });
    await eventually(() => expect(namesAt(page)).toEqual(["now"]));
  });

  it("receives none after 30 minutes without an event, when its session is closed", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    const page = await connected(id);
    await evictDurableObject(objectOf(id));
    // The alarm of the reaction fires so late that the session closes.
    advance(SESSION_IDLE_MS);
    await runDurableObjectAlarm(objectOf(id));
    await eventually(async () => expect(await objectOf(id).vector("wait")).toMatchObject({ version: 1 }));
    await pass(id, 3_600_000);
    expect([page.messages, stepsOf(id)]).toEqual([[], []]);
  });
});

describe("the alarm of a session", () => {
  it("is that of its close when no page follows, for a condition of a page", async () => {
    const { id, send } = visitor();
    const at = Date.now();
    await send(["x"]);
    expect(await alarmOf(id)).toBeGreaterThanOrEqual(at + REPEAT_MS);
    const page = await connected(id);
    expect(await alarmOf(id)).toBe(at + 30_000);
    page.socket.close();
    await eventually(async () => {
      const open = await runInDurableObject(objectOf(id), (_, state) => state.getWebSockets().length);
      expect(open).toBe(0);
    });
    await pass(id, REPEAT_MS);
    expect(stepsOf(id)).toEqual([]);
    expect(await alarmOf(id)).toBe(at + SESSION_IDLE_MS);
  });

  it("is that of its close for an unproven connection, for one to features, and at a site without such a condition", async () => {
    const { id, send } = visitor();
    const at = Date.now();
    await send(["x"]);
    const features = await connectTo(id, "");
    await eventually(() => expect(features.messages).toHaveLength(1));
    await connect(id, "&reactions=1", { origin: "https://wait.example" }, "tm_wait_44444444");
    await send(["y"]);
    expect(await alarmOf(id)).toBeGreaterThanOrEqual(at + REPEAT_MS);

    const hall = newSession("hall");
    const event = { type: "custom", seq: 0, time: at, name: "x" };
    const own = { session_id: hall, session_secret: SECRET, reactions_received: [], sent_at: at, views: [] };
    expect(await accept(batchFor("hall", [event], own))).not.toHaveProperty("follow_reactions");
    await follow(hall, "&reactions=1", { origin: "https://hall.example" }, "tm_hall_33333333");
    await whenFollowed(hall);
    expect(await alarmOf(hall)).toBeGreaterThanOrEqual(at + REPEAT_MS);
  });

  it("fires a reaction to the webhook without any page, once", async () => {
    const sent: ModelRequest[] = serveModels(() => new Response());
    const { id, send } = visitor();
    const at = Date.now();
    await send(["call", "x"]);
    expect(await alarmOf(id)).toBe(at + 40_000);
    expect(await pass(id, 40_000)).toEqual([at + 40_000]);
    await eventually(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.body).toMatchObject({ data: { reaction: "call", id, time: at + 40_000 } });
    // What only a page receives does not fire.
    await eventually(() => expect(stepsOf(id).map(({ reaction }) => reaction)).toEqual(["call"]));
    await pass(id, SESSION_IDLE_MS);
    expect(sent).toHaveLength(1);
  });

  it("fires no more while a reaction has fired and is not acknowledged", async () => {
    const { id, send } = visitor();
    const at = Date.now();
    await send(["again"]);
    await connected(id);
    const alarms = await pass(id, 600_000);
    expect(alarms.filter((time) => time !== at + REPEAT_MS)).toEqual([at + 5_000]);
  });
});

describe("a connection to reactions", () => {
  it("receives nothing without the session's secret, and obeys Global Privacy Control", async () => {
    const { id, send } = visitor();
    await send(["now"]);
    const wrong = await ask(id, "&reactions=1", { origin: "https://wait.example" }, "tm_wait_44444444");
    const socket = wrong.webSocket as WebSocket;
    const closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code }) => resolve(code));
    });
    socket.accept();
    socket.send(JSON.stringify({ session_secret: SECRET.replace("1", "2") }));
    expect(await closed).toBe(4404);
    const gpc = await connectTo(id, "&reactions=1", { "sec-gpc": "1" });
    expect(await gpc.closed).toEqual([4403, "no_consent"]);
    expect(gpc.messages).toEqual([]);
  });

  it("is closed if sixteen others have a proof, which leave room for pages that follow features", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    for (let number = 1; number <= 16; number += 1) {
      await connectTo(id);
      await whenFollowed(id, number);
    }
    expect(await (await connectTo(id)).closed).toEqual([4429, "too_many_requests"]);
    const features = await connectTo(id, "&features=now_count");
    expect((await features.next()).features).toEqual({ now_count: 0 });
  });

  it("stays when the message of another one comes while the storage fails, which is reported", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    const [page, other] = [await connected(id), await connectTo(id)];
    await whenFollowed(id, 2);
    await evictDurableObject(objectOf(id));
    const reported = vi.spyOn(console, "error").mockReturnValue();
    await runInDurableObject(objectOf(id), (_, { storage }) => {
      vi.spyOn(storage.sql, "exec").mockImplementation(() => {
        throw new Error("the disk is full");
      });
    });
    other.socket.send("again");
    expect(await other.closed).toEqual([4400, "invalid_body"]);
    expect(reported).toHaveBeenCalledExactlyOnceWith(
      expect.any(String),
      expect.objectContaining({ name: "StorageError" }),
    );
    vi.restoreAllMocks();
    await pass(id, 30_000);
    await eventually(() => expect(namesAt(page)).toEqual(["stuck"]));
  });

  it("has reactions=1 and no other value, and neither set nor features", async () => {
    const { id, send } = visitor();
    await send(["x"]);
    for (const query of ["&reactions=0", "&reactions=", "&reactions=1&features=now_count", "&reactions=1&set=none"]) {
      const response = await ask(id, query, { origin: "https://wait.example" }, "tm_wait_44444444");
      expect((await errorOf(response)).slice(0, 2)).toEqual([400, "invalid_query"]);
    }
  });
});

describe("the hint to follow", () => {
  it("is for pages of the session that take reactions, until those that time fulfils have fired for good", async () => {
    const { send } = visitor();
    expect(await send(["x"])).toMatchObject({ follow_reactions: true });
    expect(await send(["y"], { session_secret: undefined })).not.toHaveProperty("follow_reactions");
    expect(await send(["y"], { reactions_received: undefined })).not.toHaveProperty("follow_reactions");
    expect(await send(["y"], { consent: denied })).not.toHaveProperty("follow_reactions");
    expect(await send(["y"])).toMatchObject({ follow_reactions: true });
  });
});
