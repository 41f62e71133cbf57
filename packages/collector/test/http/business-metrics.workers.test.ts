import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, partitionOf, sessionOf } from "../../src/env.ts";
import { armOf } from "../../src/reactions/arm.ts";
import { accept, batchFor, custom, NOW, newSession, request, SECRET, view } from "../workers/client.ts";
import { follow } from "../workers/connections.ts";
import { tenant } from "../workers/worker.ts";
import { changes, flushAtOnce, samples } from "./scrape.ts";

flushAtOnce();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** Time from the begin of a session to the prediction that counts, in milliseconds. */
const PREDICTED_AFTER_MS = 30_000;

const bindings = env as unknown as Env;

const objectOf = (session_id: string) => sessionOf(bindings, tenant(session_id.split(".")[0] ?? ""), session_id);

/** A session of the site `hall`, whose page names its custom events. */
const visitor = (session_id = newSession("hall")) => {
  let seq = 0;
  const sendAll = (events: unknown[], more: object = {}) =>
    accept(batchFor("hall", events, { session_id, session_secret: SECRET, reactions_received: [], ...more }));
  return {
    session_id,
    sendAll,
    send: (names: readonly string[], more: object = {}) =>
      sendAll(
        names.map((name) => custom(seq++, name)),
        more,
      ),
  };
};

/** A session of an arm of the reaction `trial`. */
const visitorIn = (arm: "treatment" | "holdout") => {
  for (;;) {
    const session_id = newSession("hall");
    if (armOf({ name: "trial", holdout: 0.5 }, session_id) === arm) return visitor(session_id);
  }
};

const points = (count: number): string[] => Array.from({ length: count }, () => "point");

const goal = 'tidemark_goals_total{site="hall",goal="sale"}';
const calibration = (name: string) =>
  `tidemark_calibration_${name}_total{site="hall",model="points",version="3",goal="sale"}`;
const lift = (name: string, arm: string, reaction = "trial") =>
  `tidemark_lift_${name}_total{site="hall",reaction="${reaction}",arm="${arm}",goal="sale"}`;

describe("the metrics of goals", () => {
  it("count a goal once a session, whatever is repeated, and each session that begins", async () => {
    const [one, other] = [visitor(), visitor()];
    await changes(
      async () => {
        await one.send(["x", "sale", "sale"]);
        await evictDurableObject(objectOf(one.session_id));
        await one.send(["sale"]);
        await one.sendAll([custom(1, "sale")]);
        await other.send(["x"]);
        await other.send(["sale"]);
        await visitor().send(["x"]);
      },
      { [goal]: 2, 'tidemark_sessions_total{site="hall"}': 3 },
    );
  });

  it("do not count an event that is too late for the features", async () => {
    const { sendAll } = visitor();
    const sent_at = Date.now();
    const early = { ...custom(1, "sale"), time: sent_at - 2 * 86_400_000 };
    await changes(
      async () => {
        await sendAll([{ ...custom(0), time: sent_at }], { sent_at });
        await sendAll([early], { sent_at, tab_id: "tab0000002" });
      },
      { [goal]: 0, 'tidemark_events_accepted_total{site="hall"}': 2 },
    );
  });

  it("leave out sessions of tests and of the site's own people", async () => {
    const [tested, own] = [visitorIn("treatment"), visitorIn("treatment")];
    await changes(
      async () => {
        await tested.send(["x"], { traffic: "test" });
        // From the first such event on.
        await own.send(["x"]);
        advance(PREDICTED_AFTER_MS);
        await tested.send([...points(3), "trial"]);
        await own.send([...points(3), "trial"], { traffic: "internal" });
        for (const each of [tested, own]) await each.send(["sale"]);
      },
      {
        'tidemark_sessions_total{site="hall"}': 1,
        [goal]: 0,
        [calibration("sessions")]: 0,
        [calibration("observed")]: 0,
        [lift("sessions", "treatment")]: 0,
        [lift("goals", "treatment")]: 0,
        'tidemark_reactions_total{site="hall",reaction="trial",arm="treatment",step="fired"}': 2,
      },
    );
  });

  it("read totals by their growth since the previous event, as features do", async () => {
    const dwell = (seq: number, engaged_ms: number) => ({
      ...{ type: "dwell", seq, time: NOW + seq, view_id: view.view_id, engaged_ms, engaged_delta_ms: 1 },
      ...{ visible_ms: engaged_ms, focused_ms: engaged_ms, active_ms: 0, idle_after_ms: 5_000, rule_version: 1 },
    });
    const read = 'tidemark_goals_total{site="hall",goal="long_read"}';
    const { sendAll } = visitor();
    await changes(() => sendAll([dwell(0, 5_000), dwell(1, 9_000)]), { [read]: 0 });
    await changes(() => sendAll([dwell(2, 20_000)]), { [read]: 1 });
  });
});

describe("the metrics of calibration", () => {
  it("compare the first prediction after 30 seconds of each session with the goal that follows it", async () => {
    const [bought, left, before] = [visitor(), visitor(), visitor()];
    await changes(
      async () => {
        for (const each of [bought, left, before]) await each.send(points(1));
        advance(PREDICTED_AFTER_MS - 1);
        await bought.send(points(1));
        advance(1);
        await bought.send(points(3));
        // A later prediction of 0.6 counts nowhere.
        await bought.send(points(1));
        await bought.send(["sale"]);
        await bought.send(["sale"]);
        await left.send(points(1));
        // A goal that came before the prediction, or with it, has nothing to be predicted.
        await before.send(["sale", ...points(4)]);
      },
      {
        [goal]: 2,
        [calibration("sessions")]: 2,
        [calibration("expected")]: expect.closeTo(0.7, 9),
        [calibration("observed")]: 1,
      },
    );
  });

  it("leave out a prediction that is no probability", async () => {
    const { send } = visitor();
    await changes(
      async () => {
        await send(["x"]);
        advance(PREDICTED_AFTER_MS);
        await send(points(12));
        await send(["sale"]);
      },
      { [goal]: 1, [calibration("sessions")]: 0, [calibration("observed")]: 0 },
    );
  });
});

describe("the metrics of lift", () => {
  it("count the sessions of both arms, and the goals after the first firing", async () => {
    const [bought, left, held, before] = [
      ...[visitorIn("treatment"), visitorIn("treatment"), visitorIn("holdout"), visitorIn("treatment")],
    ] as const;
    await changes(
      async () => {
        await bought.send(["trial"]);
        await evictDurableObject(objectOf(bought.session_id));
        await bought.send(["sale"]);
        await left.send(["trial"]);
        await held.send(["trial"]);
        await held.send(["sale"]);
        await before.send(["sale", "trial"]);
      },
      {
        [lift("sessions", "treatment")]: 2,
        [lift("goals", "treatment")]: 1,
        [lift("sessions", "holdout")]: 1,
        [lift("goals", "holdout")]: 1,
      },
    );
  });

  it("count a session once, also if a reaction fires in it again", async () => {
    const { send } = visitor();
    await changes(
      async () => {
        const { reactions = [] } = await send(["insist"]);
        advance(5_000);
        await send(["insist"], { reactions_received: reactions.map(({ id }) => id) });
        await send(["sale"]);
      },
      {
        'tidemark_reactions_total{site="hall",reaction="insist",arm="treatment",step="fired"}': 2,
        [lift("sessions", "treatment", "insist")]: 1,
        [lift("goals", "treatment", "insist")]: 1,
      },
    );
  });
});

describe("the number of open sessions", () => {
  const expectOpen = (site: string, amount: number) =>
    vi.waitFor(async () => expect((await samples()).get(`tidemark_open_sessions{site="${site}"}`)).toBe(amount), {
      ...{ timeout: 20_000, interval: 20 },
    });

  it("has a session from its first push until 30 minutes after its latest one, also after a restart", async () => {
    const [one, other] = [newSession("desk"), newSession("desk")];
    const send = (session_id: string, seq: number) => accept(batchFor("desk", [custom(seq)], { session_id }));
    await send(one, 0);
    await send(other, 0);
    await expectOpen("desk", 2);
    advance(20 * 60_000);
    await send(one, 1);
    await expectOpen("desk", 2);
    await evictDurableObject(partitionOf(bindings, tenant("desk"), 0));
    await expectOpen("desk", 2);
    advance(12 * 60_000);
    await expectOpen("desk", 1);
    advance(20 * 60_000);
    await expectOpen("desk", 0);
    await send(other, 1);
    await expectOpen("desk", 1);
  });

  it("loses a session of a site with a log when it closes, and has it again after a later event", async () => {
    const session_id = newSession("labs");
    const send = (seq: number) => accept(batchFor("labs", [custom(seq)], { session_id }));
    await send(0);
    await expectOpen("labs", 1);
    advance(SESSION_IDLE_MS);
    await expectOpen("labs", 1);
    expect(await runDurableObjectAlarm(objectOf(session_id))).toBe(true);
    await expectOpen("labs", 0);
    await evictDurableObject(partitionOf(bindings, tenant("labs"), 0));
    await expectOpen("labs", 0);
    await send(1);
    await expectOpen("labs", 1);
  });
});

describe("the ages of served vectors", () => {
  const read = (path: string, init: RequestInit = {}) =>
    request(path, { ...init, headers: { authorization: "Bearer labs-read-key" } });

  const age = (end: string, set: string) =>
    `tidemark_feature_age_seconds_${end}{site="labs",entity="session",set="${set}"}`;

  it("are counted by set: of each vector that a server reads, and of the input of each prediction on request", async () => {
    const session_id = newSession("labs");
    const now = Date.now();
    const event = { ...custom(0), time: now - 100_000 };
    await accept(batchFor("labs", [event], { session_id, sent_at: now }));
    await changes(
      async () => {
        expect((await read(`/v1/features/session/${session_id}`)).status).toBe(200);
        for (const set of ["chained", "chained", "counts"]) await read(`/v1/features/session/${session_id}?set=${set}`);
        expect((await read(`/v1/predict/score/session/${session_id}`, { method: "POST" })).status).toBe(200);
        expect((await read("/v1/features/session/labs.session-unknown-00000000")).status).toBe(404);
      },
      {
        [age("count", "none")]: 1,
        [age("count", "chained:1")]: 2,
        [age("count", "counts:1")]: 2,
        [age("sum", "chained:1")]: expect.closeTo(200, -1),
      },
    );
  });

  it("are counted for a page that follows its session, with a later batch", async () => {
    const session_id = newSession("labs");
    const send = (seq: number) => accept(batchFor("labs", [custom(seq)], { session_id, session_secret: SECRET }));
    await send(0);
    await changes(
      async () => {
        const headers = { origin: "https://labs.example" };
        const page = await follow(session_id, "&set=counts", headers, "tm_labs_11111111");
        await page.next();
        await send(1);
        await page.next();
        page.socket.close();
        // The response to a batch carries the counts of the isolate of its session.
        advance(2_000);
        await send(2);
      },
      { [age("count", "counts:1")]: 2 },
    );
  });
});
