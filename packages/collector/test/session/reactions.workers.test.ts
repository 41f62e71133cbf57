import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BatchResponse, DeliveredReaction } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { ReactionPayload } from "@tidemark/schema/log";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { armOf } from "../../src/reactions/arm.ts";
import { unpackRecords } from "../../src/records/packed-records.ts";
import { Row, type StoredSession } from "../../src/session/row.ts";
import type { SessionObject } from "../../src/session/session.ts";
import { accept, batchFor, custom, errorOf, NOW, newSession, post, request, SECRET } from "../workers/client.ts";
import { kserve, type ModelRequest, serveModels } from "../workers/model-server.ts";
import { tenant, traffic } from "../workers/worker.ts";

const objectOf = (session_id: string) =>
  sessionOf(env as unknown as Env, tenant(session_id.split(".")[0] ?? ""), session_id);

/** Stops the object of a session. It starts again from its row. */
const stop = async (session_id: string) => {
  const stub = objectOf(session_id);
  await runInDurableObject(stub, () => {});
  await evictDurableObject(stub);
};

/** A visitor, whose pages number the events of each tab. */
const visitor = (session_id = newSession("hall")) => {
  const seqs = new Map<string, number>();
  const next = (tab_id: string) => {
    const seq = seqs.get(tab_id) ?? 0;
    seqs.set(tab_id, seq + 1);
    return seq;
  };
  const batchOf = (names: readonly string[], more: { tab_id?: string } & Record<string, unknown> = {}) => {
    const { tab_id = "tab0000001" } = more;
    const events = names.map((name) => custom(next(tab_id), name));
    const own = { session_id, session_secret: SECRET, reactions_received: [] };
    return batchFor("hall", events, { ...own, ...more });
  };
  const send = (names: readonly string[], more = {}): Promise<BatchResponse> => accept(batchOf(names, more));
  const identify = (user_id: string, more = {}): Promise<BatchResponse> => {
    const event = { type: "identify", seq: next("tab0000001"), time: NOW, user_id };
    return accept({ ...batchOf([], { user_id, ...more }), events: [event] });
  };
  return { session_id, batchOf, send, identify };
};

const namesIn = ({ reactions = [] }: BatchResponse) => reactions.map(({ name }) => name);
const idsIn = ({ reactions = [] }: BatchResponse) => reactions.map(({ id }) => id);
const onlyIn = ({ reactions }: BatchResponse): DeliveredReaction => {
  expect(reactions).toHaveLength(1);
  return (reactions as [DeliveredReaction])[0];
};

/** The steps of reactions that a session has sent for the log. */
const stepsOf = (session_id: string): ReactionPayload[] => {
  const sent = traffic.records.filter(({ session }) => session === session_id);
  const records = sent.flatMap(({ records }) => [...unpackRecords(records)]);
  return [...new Map(records.map((record) => [record.arrival, record])).values()].flatMap((record) =>
    record.kind === "reaction" ? [record.payload as unknown as ReactionPayload] : [],
  );
};

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

const expectSteps = (session_id: string, steps: [name: string, step: string][]) =>
  eventually(() => expect(stepsOf(session_id).map(({ reaction, step }) => [reaction, step])).toEqual(steps));

const storedIn = (session_id: string): Promise<StoredSession | undefined> =>
  runInDurableObject(objectOf(session_id), (_, { storage }) => new Row(storage).read());

const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

const denied = { measurement: "granted", personalisation: "denied" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  traffic.fault = () => undefined;
});

describe("a reaction", () => {
  it("is in the response to the batch that fulfils its condition, and the log has its rule and its vector", async () => {
    const { session_id, send } = visitor();
    expect(await send(["hello"])).not.toHaveProperty("reactions");
    const firedAt = Date.now();
    const { id, ...rest } = onlyIn(await send(["hello"]));
    expect(rest).toEqual({ name: "welcome", payload: { text: "Hello." }, expires_in_ms: 60_000 });
    await expectSteps(session_id, [["welcome", "fired"]]);
    const vector = await request(`/v1/features/session/${session_id}`, {
      headers: { authorization: "Bearer hall-read-key" },
    });
    const { definition_version, event_time } = await vector.json<{ definition_version: string; event_time: number }>();
    expect(stepsOf(session_id)).toEqual([
      {
        ...{ reaction: "welcome", reaction_id: id, step: "fired", entity: "session", id: session_id },
        ...{ arm: "treatment", time: firedAt, holdout: 0, to: ["page"], definition_version, event_time },
        rule: { op: "gte", left: { feature: "hello_count" }, right: 2 },
        features: { hello_count: 2 },
        predictions: {},
        expires_at: firedAt + 60_000,
      },
    ]);
  });

  it("has the prediction that it reads, with the version of the model, in its record", async () => {
    const { session_id, send } = visitor();
    expect(await send(["point", "point", "point", "point"])).not.toHaveProperty("reactions");
    expect(namesIn(await send(["point"]))).toEqual(["scored"]);
    await expectSteps(session_id, [["scored", "fired"]]);
    expect(stepsOf(session_id)[0]).toMatchObject({
      features: {},
      predictions: { points: { value: 0.5, version: 3 } },
      rule: { left: { feature: "prediction.points" } },
    });
  });

  it("is delivered under one id with each response until a batch acknowledges it, after which it is not", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    advance(1_000);
    const acknowledgedAt = Date.now();
    expect(onlyIn(await send(["x"]))).toMatchObject({ id, expires_in_ms: 59_000 });
    expect(idsIn(await send(["x"], { reactions_received: ["unknown-id"] }))).toEqual([id]);
    expect(await send(["x"], { reactions_received: [id, "unknown-id"] })).not.toHaveProperty("reactions");
    expect(await send(["x"], { reactions_received: [id] })).not.toHaveProperty("reactions");
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "received"],
    ]);
    expect(stepsOf(session_id)[1]).toEqual({
      ...{ reaction: "welcome", reaction_id: id, step: "received", entity: "session", id: session_id },
      ...{ arm: "treatment", time: acknowledgedAt },
    });
  });

  it("is delivered again with the response to a repeated batch, which fires nothing", async () => {
    const { session_id, batchOf } = visitor();
    const batch = batchOf(["hello", "hello", "nudge"]);
    const first = await accept(batch);
    expect(namesIn(first).toSorted()).toEqual(["nudge", "welcome"]);
    expect(await accept(batch)).toMatchObject({ accepted: 0, duplicates: 3, reactions: first.reactions });
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["nudge", "fired"],
    ]);
    // After its cooldown only an event fires it again.
    advance(10_000);
    expect(namesIn(await accept(batch))).toEqual(["welcome"]);
  });

  it("counts as unknown if the page says so, and is not delivered again", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    expect(await send(["x"], { reactions_unknown: [id] })).not.toHaveProperty("reactions");
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "unknown"],
    ]);
  });

  it("with once does not fire again in its session, also after it has expired", async () => {
    const { session_id, send } = visitor();
    await send(["hello", "hello"]);
    advance(60_000);
    expect(await send(["hello"])).not.toHaveProperty("reactions");
    advance(1_000_000);
    expect(await send(["hello"])).not.toHaveProperty("reactions");
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "expired"],
    ]);
  });

  it("with a cooldown fires again after it under another id, if an event comes while the condition holds", async () => {
    const { send } = visitor();
    const { id } = onlyIn(await send(["nudge"]));
    advance(1_000);
    expect(await send(["nudge"], { reactions_received: [id] })).not.toHaveProperty("reactions");
    advance(8_999);
    expect(await send(["nudge"])).not.toHaveProperty("reactions");
    advance(1);
    const again = onlyIn(await send(["x"]));
    expect(again.name).toBe("nudge");
    expect(again.id).not.toBe(id);
  });

  it("does not fire again while the page has to acknowledge it, whatever its cooldown", async () => {
    serveModels(() => new Response());
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["insist", "alert"]));
    advance(2_000);
    expect(idsIn(await send(["insist", "alert"]))).toEqual([id]);
    // Acknowledged in the same batch, it fires in it.
    advance(2_000);
    expect(onlyIn(await send(["insist"], { reactions_received: [id] })).id).not.toBe(id);
    // Nobody acknowledges a message to the webhook here.
    await expectSteps(session_id, [
      ["alert", "fired"],
      ["insist", "fired"],
      ["alert", "fired"],
      ["insist", "received"],
      ["alert", "fired"],
      ["insist", "fired"],
    ]);
  });

  it("keeps its cooldown and its expiry when the clock is set back or forward by hours", async () => {
    const HOURS = 3 * 3_600_000;
    const { send } = visitor();
    const { id } = onlyIn(await send(["nudge"]));
    advance(-HOURS);
    expect(await send(["x"])).toMatchObject({ reactions: [{ id, expires_in_ms: 5_000 }] });
    advance(4_999);
    expect(idsIn(await send(["x"]))).toEqual([id]);
    advance(1);
    expect(await send(["x"])).not.toHaveProperty("reactions");
    advance(5_000);
    const again = onlyIn(await send(["x"]));
    expect(again).toMatchObject({ name: "nudge", expires_in_ms: 5_000 });
    expect(again.id).not.toBe(id);
    advance(HOURS);
    const last = onlyIn(await send(["x"]));
    expect([id, again.id]).not.toContain(last.id);
    // A batch may arrive after one that was received later.
    advance(-50);
    expect(await send(["x"])).toMatchObject({ reactions: [{ id: last.id, expires_in_ms: 5_050 }] });
  });

  it("expires, and is not delivered from then on", async () => {
    const { session_id, send } = visitor();
    await send(["nudge"]);
    advance(4_999);
    expect(onlyIn(await send(["x"])).expires_in_ms).toBe(1);
    advance(1);
    expect(await send(["x"])).not.toHaveProperty("reactions");
    await expectSteps(session_id, [
      ["nudge", "fired"],
      ["nudge", "expired"],
    ]);
  });

  it("expires at the latest when its session closes", async () => {
    const { session_id, send } = visitor();
    await send(["hello", "hello"]);
    advance(SESSION_IDLE_MS);
    expect(await runDurableObjectAlarm(objectOf(session_id))).toBe(true);
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "expired"],
    ]);
  });

  it("does not fire in a closed session, which an event that is too late does not open", async () => {
    const { session_id, send, batchOf } = visitor();
    await send(["nudge"]);
    advance(SESSION_IDLE_MS);
    await runDurableObjectAlarm(objectOf(session_id));
    const late = { ...custom(1), time: NOW - 86_400_000 };
    expect(await accept({ ...batchOf([]), events: [late] })).toMatchObject({ accepted: 1 });
    await expectSteps(session_id, [
      ["nudge", "fired"],
      ["nudge", "expired"],
    ]);
    expect(namesIn(await send(["x", "x"]))).toEqual(["nudge"]);
  });

  it("survives a stop of the session's object, with the time of its cooldown", async () => {
    const { session_id, send } = visitor();
    const first = await send(["hello", "hello", "nudge"]);
    await stop(session_id);
    expect(idsIn(await send(["x"]))).toEqual(idsIn(first));
    await stop(session_id);
    expect(await send(["x"], { reactions_received: idsIn(first) })).not.toHaveProperty("reactions");
    await stop(session_id);
    expect(await send(["nudge"])).not.toHaveProperty("reactions");
    advance(10_000);
    await stop(session_id);
    expect(namesIn(await send(["nudge"]))).toEqual(["nudge"]);
  });

  it("has not fired if its batch could not be stored, and fires when the batch is sent again", async () => {
    const { session_id, send, batchOf } = visitor();
    await send(["hello"]);
    const batch = batchOf(["hello"]);
    vi.spyOn(console, "error").mockReturnValue();
    await runInDurableObject(objectOf(session_id), async (_, { storage }) => {
      const { exec } = storage.sql;
      storage.sql.exec = (query, ...bindings) => {
        if (query.startsWith("INSERT")) throw new Error("the disk is full");
        return exec.call(storage.sql, query, ...bindings) as never;
      };
      expect((await errorOf(await post(JSON.stringify(batch))))[0]).toBe(503);
      storage.sql.exec = exec;
    });
    await stop(session_id);
    expect(stepsOf(session_id)).toEqual([]);
    const { id } = onlyIn(await accept(batch));
    await eventually(() => expect(stepsOf(session_id).map(({ reaction_id }) => reaction_id)).toEqual([id]));
  });

  it("reaches each tab of the session until one of them acknowledges it", async () => {
    const { send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    const other = { tab_id: "tab0000002" };
    expect(idsIn(await send(["x"], other))).toEqual([id]);
    expect(await send(["x"], { ...other, reactions_received: [id] })).not.toHaveProperty("reactions");
    expect(await send(["x"])).not.toHaveProperty("reactions");
  });

  it("reaches only pages with the session's secret that take reactions, and only they acknowledge it", async () => {
    const { send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    const wrong = { session_secret: SECRET.replaceAll("1", "9") };
    for (const more of [wrong, { session_secret: undefined }])
      for (const ids of [{ reactions_received: [id] }, { reactions_received: [], reactions_unknown: [id] }])
        expect(await send(["x"], { ...more, ...ids })).not.toHaveProperty("reactions");
    expect(await send(["x"], { reactions_received: undefined })).not.toHaveProperty("reactions");
    expect(idsIn(await send(["x"]))).toEqual([id]);
  });

  it("fires in a session that began without a secret, and is never delivered there", async () => {
    const { session_id, send } = visitor();
    expect(await send(["hello", "hello"], { session_secret: undefined })).not.toHaveProperty("reactions");
    expect(await send(["x"])).not.toHaveProperty("reactions");
    await expectSteps(session_id, [["welcome", "fired"]]);
  });
});

describe("the user of a reaction", () => {
  it("may log in after it has fired, and is then the only one who receives it", async () => {
    const { session_id, send, identify } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    expect(idsIn(await identify("ann"))).toEqual([id]);
    expect(idsIn(await send(["x"], { user_id: "ann" }))).toEqual([id]);
    expect(await send(["x"])).not.toHaveProperty("reactions");
    expect(idsIn(await send(["x"], { user_id: "ann" }))).toEqual([id]);
    expect(await identify("bob")).not.toHaveProperty("reactions");
    expect(await send(["x"], { user_id: "ann" })).not.toHaveProperty("reactions");
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "expired"],
    ]);
  });

  it("is named by the batch or by an identification in it", async () => {
    for (const bob of [{ user_id: "bob" }, { events: [{ type: "identify", seq: 90, time: NOW, user_id: "bob" }] }]) {
      const { send, batchOf } = visitor();
      expect(await send(["hello", "hello"], { user_id: "ann" })).toHaveProperty("reactions");
      expect(await accept({ ...batchOf(["x"]), ...bob })).not.toHaveProperty("reactions");
      expect(await send(["x"], { user_id: "ann" })).not.toHaveProperty("reactions");
    }
  });

  it("is named by pages with the session's secret only, unless the session has none", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"], { user_id: "ann" }));
    await send(["x"], { user_id: "bob", session_secret: undefined });
    expect(idsIn(await send(["x"], { user_id: "ann" }))).toEqual([id]);
    expect((await storedIn(session_id))?.reactions?.user?.id).toBe("ann");
    const other = visitor();
    await other.send(["x"], { user_id: "bob", session_secret: undefined });
    expect((await storedIn(other.session_id))?.reactions?.user?.id).toBe("bob");
  });

  it("does not receive it with a repeated batch of an earlier user", async () => {
    const { batchOf, send } = visitor();
    const early = batchOf(["x"], { user_id: "ann" });
    await accept(early);
    const { id } = onlyIn(await send(["hello", "hello"], { user_id: "bob" }));
    expect(await accept(early)).not.toHaveProperty("reactions");
    expect(idsIn(await send(["x"], { user_id: "bob" }))).toEqual([id]);
  });
});

describe("a visitor without consent to personalisation", () => {
  it("gets no reaction, and nothing fires", async () => {
    const { session_id, send } = visitor();
    expect(await send(["hello", "hello", "alert"], { consent: denied })).not.toHaveProperty("reactions");
    expect(stepsOf(session_id)).toEqual([]);
    expect(await storedIn(session_id)).not.toHaveProperty("reactions");
  });

  it("who withdraws it gets none from before, and its ids and users are deleted", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"], { user_id: "ann" }));
    expect(await send(["x"], { consent: denied })).not.toHaveProperty("reactions");
    const { reactions } = (await storedIn(session_id)) as StoredSession;
    expect(JSON.stringify(reactions)).not.toMatch(new RegExp(`${id}|ann|user`));
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "expired"],
    ]);
    // The times remain, so that it does not fire twice.
    expect(await send(["hello"], { user_id: "ann" })).not.toHaveProperty("reactions");
  });

  it("gets none in the response to a repeated batch", async () => {
    const { send, batchOf } = visitor();
    const batch = batchOf(["hello", "hello"]);
    const { id } = onlyIn(await accept(batch));
    expect(await accept({ ...batch, consent: denied })).not.toHaveProperty("reactions");
    expect(idsIn(await send(["x"]))).toEqual([id]);
  });

  it("is remembered by the acknowledgement in the batch that withdraws it", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    await send(["x"], { consent: denied, reactions_received: [id] });
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "received"],
    ]);
  });
});

describe("the holdout of a reaction", () => {
  const trial = { name: "trial", holdout: 0.5 };

  /** A session in an arm of the reaction. */
  const visitorIn = (arm: ReactionPayload["arm"]) => {
    for (;;) {
      const session_id = newSession("hall");
      if (armOf(trial, session_id) === arm) return visitor(session_id);
    }
  };

  it("receives nothing on page and webhook, while everything is evaluated and recorded", async () => {
    const received = serveModels(() => new Response());
    const { session_id, send } = visitorIn("holdout");
    for (const names of [["trial"], ["trial"], ["x"]]) expect(await send(names)).not.toHaveProperty("reactions");
    await expectSteps(session_id, [["trial", "fired"]]);
    expect(stepsOf(session_id)[0]).toMatchObject({
      ...{ arm: "holdout", holdout: 0.5, features: { trial_count: 1 }, to: ["page", "webhook"] },
    });
    expect((await storedIn(session_id))?.webhooks).toBeUndefined();
    expect(received).toEqual([]);
  });

  it("is only one arm: the sessions of the other one receive the reaction on page and webhook", async () => {
    const received = serveModels(() => new Response());
    const { send } = visitorIn("treatment");
    const { id } = onlyIn(await send(["trial"]));
    expect(idsIn(await send(["trial", "x"]))).toEqual([id]);
    await eventually(() => expect(received).toHaveLength(1));
  });
});

describe("a reaction for the webhook", () => {
  it("is sent with its cause and its user, and is not in the response", async () => {
    const received = serveModels(() => new Response());
    const { session_id, send } = visitor();
    const firedAt = Date.now();
    expect(await send(["alert"], { user_id: "ann" })).not.toHaveProperty("reactions");
    await eventually(() => expect(received).toHaveLength(1));
    const [{ body }] = received as [ModelRequest];
    await expectSteps(session_id, [["alert", "fired"]]);
    const { reaction_id } = stepsOf(session_id)[0] as ReactionPayload;
    expect(body).toEqual({
      type: "reaction.fired",
      timestamp: new Date(firedAt).toISOString(),
      data: {
        ...{ site: "hall", reaction: "alert", reaction_id, entity: "session", id: session_id, user_id: "ann" },
        ...{ payload: { level: 1 }, features: { alert_count: 1 }, predictions: {} },
        ...{ time: firedAt, expires_at: firedAt + 60_000 },
      },
    });
  });
});

describe("a reaction to a prediction by a server", () => {
  it("fires when the prediction is stored, and is in the response to the next batch", async () => {
    serveModels(kserve);
    const session_id = newSession("lake");
    const own = { session_id, session_secret: SECRET, reactions_received: [] };
    const events = [0, 1, 2, 3, 4, 5, 6].map((seq) => custom(seq));
    expect(await accept(batchFor("lake", events, own))).not.toHaveProperty("reactions");
    await expectSteps(session_id, [["foreseen", "fired"]]);
    expect(stepsOf(session_id)[0]).toMatchObject({ predictions: { served: { value: 7, version: 1 } } });
    const { id } = onlyIn(await accept(batchFor("lake", events, own)));
    expect((await storedIn(session_id))?.reactions?.latest.foreseen?.pending?.id).toBe(id);
  });
});

describe("the state of reactions", () => {
  it("is bounded, however often they fire and whatever the configuration was before", async () => {
    const { session_id, send } = visitor();
    const sizes: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      await send(["hello", "nudge", "insist", "point"], { user_id: "ann" });
      advance(10_000);
      sizes.push(JSON.stringify((await storedIn(session_id))?.reactions).length);
    }
    expect(Math.max(...sizes)).toBeLessThan(1_000);
    await stop(session_id);
    await runInDurableObject(objectOf(session_id), (_, { storage }) => {
      const row = new Row(storage);
      const stored = row.read() as StoredSession;
      const latest = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`old_${at}`, { fired_at: at }]));
      stored.reactions = { latest: { ...latest, ...stored.reactions?.latest } };
      row.write(stored);
    });
    await stop(session_id);
    advance(10_000);
    await send(["nudge"]);
    const names = Object.keys((await storedIn(session_id))?.reactions?.latest ?? {});
    expect(names).toHaveLength(32);
    expect(names).toEqual(expect.arrayContaining(["old_39", "welcome", "nudge", "insist"]));
  });

  it("is absent in sessions of a site without reactions", async () => {
    const session_id = newSession("shop");
    const more = { session_id, session_secret: SECRET, user_id: "ann" };
    const response = await accept(batchFor("shop", [custom(0)], { ...more, reactions_received: [] }));
    expect(Object.keys(response)).toEqual(["accepted", "duplicates", "rejected", "tab"]);
    const stored = await runInDurableObject(objectOf(session_id), (_, { storage }) => new Row(storage).read());
    expect(stored).not.toHaveProperty("reactions");
  });

  it("keeps no acknowledged id in the records of events", async () => {
    const { session_id, send } = visitor();
    const { id } = onlyIn(await send(["hello", "hello"]));
    await send(["x"], { reactions_received: [id] });
    await expectSteps(session_id, [
      ["welcome", "fired"],
      ["welcome", "received"],
    ]);
    const texts = traffic.records
      .filter(({ session }) => session === session_id)
      .flatMap(({ records }) => [...unpackRecords(records)])
      .filter(({ kind }) => kind === "event")
      .map((record) => JSON.stringify(record));
    expect(texts.filter((text) => text.includes("reactions_received") || text.includes(id))).toEqual([]);
  });
});

describe("the metrics of reactions", () => {
  /** The number of steps of the reaction `counted`. */
  const count = async (step: string): Promise<number> => {
    const response = await request("/metrics", { headers: { authorization: "Bearer admin-key" } });
    const labels = `{site="hall",reaction="counted",arm="treatment",step="${step}"}`;
    const line = (await response.text())
      .split("\n")
      .find((each) => each.startsWith(`tidemark_reactions_total${labels}`));
    return Number(line?.split(" ")[1] ?? 0);
  };

  it("count the steps by reaction and arm", async () => {
    const before = [await count("fired"), await count("received"), await count("expired")];
    const [first, second] = [visitor(), visitor()];
    const { id } = onlyIn(await first.send(["zero"]));
    await first.send(["x"], { reactions_received: [id] });
    await second.send(["zero"]);
    advance(SESSION_IDLE_MS);
    await runDurableObjectAlarm(objectOf(second.session_id));
    await eventually(async () => {
      const after = [await count("fired"), await count("received"), await count("expired")];
      expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 1, 1]);
    });
  });

  it("count the steps of a session that closes once, if it could not be stored at first", async () => {
    const before = await count("expired");
    const { session_id, send } = visitor();
    onlyIn(await send(["zero"]));
    advance(SESSION_IDLE_MS);
    await runInDurableObject(objectOf(session_id), async (object, { storage }) => {
      const { exec } = storage.sql;
      const failing = vi.spyOn(storage.sql, "exec").mockImplementation((query, ...bindings) => {
        if (query.startsWith("INSERT")) throw new Error("the disk is full");
        return exec.call(storage.sql, query, ...bindings) as never;
      });
      await expect((object as SessionObject).alarm()).rejects.toThrow("storage");
      failing.mockRestore();
      await (object as SessionObject).alarm();
    });
    await eventually(async () => expect((await count("expired")) - before).toBe(1));
  });
});

describe("the delivery of reactions", () => {
  it("reaches the page until it acknowledges each id, under lost responses, repeated batches and stops", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("send" as const),
          names: fc.array(fc.constantFrom("hello", "nudge", "insist", "x"), { minLength: 1, maxLength: 3 }),
          isLost: fc.boolean(),
          tab_id: fc.constantFrom("tab0000001", "tab0000002"),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), isLost: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(500, 3_000, 9_000) }) },
      { weight: 1, arbitrary: fc.constant({ do: "stop" as const }) },
      { weight: 1, arbitrary: fc.constant({ do: "fail" as const }) },
    );
    vi.spyOn(console, "error").mockReturnValue();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { session_id, batchOf } = visitor();
        /** The ids that the page has received, and those that it has acknowledged with a batch that was stored. */
        const [received, acknowledged] = [new Set<string>(), new Set<string>()];
        const responses: { at: number; delivered: string[]; acknowledged: string[] }[] = [];
        let latest: ReturnType<typeof batchOf> | undefined;
        const deliver = async (isLost: boolean) => {
          advance(1);
          const reactions_received = [...received];
          const response = await accept({ ...latest, reactions_received });
          for (const id of reactions_received) acknowledged.add(id);
          const delivered = idsIn(response);
          responses.push({ at: Date.now(), delivered, acknowledged: [...acknowledged] });
          if (!isLost) for (const id of delivered) received.add(id);
        };
        for (const each of steps) {
          if (each.do === "send") {
            latest = batchOf(each.names, { tab_id: each.tab_id });
            await deliver(each.isLost);
          } else if (each.do === "repeat" && latest) {
            await deliver(each.isLost);
          } else if (each.do === "wait") {
            advance(each.ms);
          } else if (each.do === "stop") {
            await stop(session_id);
          } else if (each.do === "fail") {
            // A batch whose write fails: the page sends it again with the next repetition.
            latest = batchOf(["hello", "nudge"]);
            await runInDurableObject(objectOf(session_id), async (_, { storage }) => {
              const { exec } = storage.sql;
              storage.sql.exec = (query, ...bindings) => {
                if (query.startsWith("INSERT")) throw new Error("the disk is full");
                return exec.call(storage.sql, query, ...bindings) as never;
              };
              await post(JSON.stringify(latest));
              storage.sql.exec = exec;
            });
            await stop(session_id);
          }
        }
        latest = batchOf(["x"]);
        await deliver(false);
        advance(100_000);
        latest = batchOf(["y"]);
        await deliver(false);

        const last = responses.at(-1)?.delivered ?? [];
        await eventually(() => {
          const known = new Set(stepsOf(session_id).map(({ reaction_id }) => reaction_id));
          // Before the records arrive, no firing and no end are known, and their numbers are equal.
          expect(responses.flatMap(({ delivered }) => delivered).filter((id) => !known.has(id))).toEqual([]);
          const open = stepsOf(session_id).filter(({ step }) => step === "fired");
          const ended = stepsOf(session_id).filter(({ step }) => step !== "fired");
          expect(open.length - ended.length).toBe(last.length);
        });
        const all = stepsOf(session_id);
        const fired = all.filter(({ step }) => step === "fired");
        for (const { at, delivered, acknowledged } of responses) {
          const due = fired.filter(
            ({ reaction_id, time, expires_at = 0 }) =>
              time <= at && at < expires_at && !acknowledged.includes(reaction_id),
          );
          expect(delivered.toSorted()).toEqual(due.map(({ reaction_id }) => reaction_id).toSorted());
        }
        const timesOf = (name: string) => fired.filter(({ reaction }) => reaction === name).map(({ time }) => time);
        expect(timesOf("welcome").length).toBeLessThanOrEqual(1);
        for (const [name, cooldownMs] of Object.entries({ nudge: 10_000, insist: 1_000 }))
          for (const [index, time] of timesOf(name).entries())
            if (index > 0) expect(time - (timesOf(name)[index - 1] ?? 0)).toBeGreaterThanOrEqual(cooldownMs);
        const ends = all.filter(({ step }) => step !== "fired").map(({ reaction_id }) => reaction_id);
        expect(new Set(ends).size).toBe(ends.length);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
