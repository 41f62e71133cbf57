import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BatchResponse } from "@tidemark/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Env, egressOf, partitionOf, scheduleOf } from "../../src/env.ts";
import { Canary } from "../../src/monitor/canary/canary.ts";
import { createCanarySession } from "../../src/monitor/canary/session.ts";
import { type CanaryStep, canarySteps } from "../../src/monitor/canary/steps.ts";
import { scheduleSamples } from "../../src/monitor/schedule-samples.ts";
import type { Attempt } from "../../src/sinks/sink.ts";
import type { Tenant } from "../../src/tenants.ts";
import { eventually, nextSite, recordDeliveries, stop } from "../egress/feed.ts";
import { request } from "../workers/client.ts";
import worker, { type SinkAttempt, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const { attempt, tenants } = traffic;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Object.assign(traffic, { attempt, scheduled: undefined, fault: () => undefined });
});

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

const toWorker = (given: Request) => request(new URL(given.url).pathname, given as RequestInit);

/** The response of a broken part of the Worker, by path and request; `undefined` for a sound one. */
type Break = (path: string, given: Request) => Promise<Response> | undefined;

let objects = 0;

type Ages = Partial<Record<CanaryStep, number>>;

/** A canary under test. */
interface Rounds {
  canary: Canary;
  /** Lets some seconds pass, and runs a round. */
  round(seconds?: number): Promise<Ages>;
}

/** Runs a test with the canary of a new object, which visits a site. */
const withCanary = (
  site: Tenant,
  test: (rounds: Rounds) => Promise<void>,
  broken: { by: Break } = { by: () => undefined },
): Promise<void> =>
  runInDurableObject(bindings.SCHEDULE.getByName(`canary ${objects++}`), async (_, { storage }) => {
    const answer = async (given: Request) => broken.by(new URL(given.url).pathname, given) ?? toWorker(given);
    const canary = new Canary(storage, { env: bindings, tenant: site, request: answer });
    await canary.round();
    await test({
      canary,
      async round(seconds = 10) {
        pass(seconds);
        await canary.round();
        return canary.ages(Date.now());
      },
    });
  });

let current = "";

/** Takes a site that no other test has. */
const take = (): Tenant => {
  current = nextSite();
  return tenant(current);
};

/** Age that each step has at most while it works: a session follows each minute, and a round each 10 s. */
const FRESH_S = 75;

/**
 * Lets rounds follow until a condition holds. Time passes only while the sound steps are fresh, so that a slow machine makes
 * none of them old: a step that does not work makes the test fail.
 */
const roundsUntil = async ({ round }: Rounds, sound: readonly CanaryStep[], holds: (ages: Ages) => boolean) => {
  let ages: Ages = {};
  await eventually(async () => {
    await runDurableObjectAlarm(partitionOf(bindings, tenant(current), 0));
    const isFresh = sound.every((step) => (ages[step] ?? 0) < FRESH_S);
    ages = await round(isFresh ? 10 : 0);
    expect([ages, holds(ages)]).toEqual([ages, true]);
  });
  return ages;
};

const reaches = (rounds: Rounds, steps: readonly CanaryStep[] = canarySteps) =>
  roundsUntil(rounds, [], (ages) => steps.every((step) => (ages[step] ?? Number.NaN) < FRESH_S));

/** Lets rounds follow until some steps are old, and checks that the sound ones have stayed fresh. */
const growsOld = async (rounds: Rounds, old: readonly CanaryStep[]) => {
  const sound = canarySteps.filter((step) => !old.includes(step));
  await roundsUntil(
    rounds,
    sound,
    (ages) =>
      old.every((step) => (ages[step] ?? 0) > 300) && sound.every((step) => (ages[step] ?? Number.NaN) < FRESH_S),
  );
};

const unavailable = async () => new Response("no", { status: 503 });

const isRead = (path: string) => path.startsWith("/v1/features");

/** A target that takes nothing. */
const away = async ({ cut }: SinkAttempt): Promise<Attempt<unknown>> => ({
  outcomes: cut.pending.map(() => ({ type: "retry", reason: "the target is away" })),
});

describe("the canary", () => {
  it("follows a session a minute through each step", async () => {
    recordDeliveries();
    await withCanary(take(), async (rounds) => {
      await reaches(rounds);
      const end = Date.now() + 240_000;
      await roundsUntil(rounds, canarySteps, () => Date.now() >= end);
      await reaches(rounds);
    });
  });

  it("has ages that grow from its begin on, until a session has come through", async () => {
    recordDeliveries();
    const broken: { by: Break } = { by: unavailable };
    await withCanary(
      take(),
      async (rounds) => {
        let ages: Ages = {};
        for (let minute = 0; minute < 3; minute++) ages = await rounds.round(60);
        expect(ages).toEqual({ vector: 180, log: 180, sink: 180 });
        broken.by = () => undefined;
        await reaches(rounds);
      },
      broken,
    );
  });

  it("shows that vectors are not served, and only that", async () => {
    recordDeliveries();
    const broken: { by: Break } = { by: () => undefined };
    await withCanary(
      take(),
      async (rounds) => {
        await reaches(rounds);
        broken.by = (path) => (isRead(path) ? unavailable() : undefined);
        await growsOld(rounds, ["vector"]);
        broken.by = () => undefined;
        await reaches(rounds);
      },
      broken,
    );
  });

  it("shows that a vector lacks events", async () => {
    recordDeliveries();
    const lacking = async () => Response.json({ delivery: { received: 1 } });
    await withCanary(take(), (rounds) => growsOld(rounds, ["vector"]), {
      by: (path) => (isRead(path) ? lacking() : undefined),
    });
  });

  it("plays at once after the clock was set back", async () => {
    await withCanary(take(), async ({ canary }) => {
      expect(canary.nextAt(Date.now())).toBeGreaterThan(Date.now());
      pass(-86_400);
      expect(canary.nextAt(Date.now())).toBeLessThanOrEqual(Date.now());
    });
  });

  it("begins anew at another site", async () => {
    const settings = (visited: Tenant) => ({ env: bindings, tenant: visited, request: toWorker });
    const [first, second] = [take(), take()];
    await runInDurableObject(bindings.SCHEDULE.getByName(`canary ${objects++}`), async (_, { storage }) => {
      await new Canary(storage, settings(first)).round();
      pass(1_000);
      const { vector } = new Canary(storage, settings(second)).ages(Date.now());
      expect(vector).toBe(0);
    });
  });

  it("counts no session of which the collector has rejected an event", async () => {
    recordDeliveries();
    const rejecting = async (given: Request) => {
      const response = await (await toWorker(given)).json<BatchResponse>();
      return Response.json({ ...response, accepted: response.accepted - 1 });
    };
    await withCanary(take(), (rounds) => growsOld(rounds, canarySteps), {
      by: (path, given) => (path === "/v1/events" ? rejecting(given) : undefined),
    });
  });

  it("shows that the log gets no records, and so no sink does, while vectors are served", async () => {
    recordDeliveries();
    await withCanary(take(), async (rounds) => {
      await reaches(rounds);
      traffic.fault = ({ to, method }) => (to === "partition 0" && method === "apply" ? "lose_request" : undefined);
      await growsOld(rounds, ["log", "sink"]);
      traffic.fault = () => undefined;
      await reaches(rounds);
    });
  });

  it("shows that one sink does not deliver, and only that", async () => {
    recordDeliveries();
    const deliver = traffic.attempt;
    await withCanary(take(), async (rounds) => {
      await reaches(rounds);
      traffic.attempt = (given) => (given.sink === "small" ? away(given) : deliver(given));
      await growsOld(rounds, ["sink"]);
      traffic.attempt = deliver;
      await egressOf(bindings, tenant(current), "small", 0).resume(current, "small", 0);
      await reaches(rounds);
    });
  });

  it("does not wait for a sink that is paused", async () => {
    recordDeliveries();
    await withCanary(take(), async (rounds) => {
      await egressOf(bindings, tenant(current), "small", 0).pause(current, "small", 0);
      await reaches(rounds);
    });
  });

  it("has no step that the site does not have", async () => {
    await withCanary(tenant("blog"), async ({ round }) => {
      expect(Object.keys(await round())).toEqual(["vector"]);
    });
  });

  it("makes no more calls than some while they do not end, and goes on afterwards", async () => {
    let calls = 0;
    const waiting: ((response: Response) => void)[] = [];
    const hang = () => {
      calls += 1;
      return new Promise<Response>((resolve) => waiting.push(resolve));
    };
    const broken: { by: Break } = { by: hang };
    const wait = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    await withCanary(
      take(),
      async (rounds) => {
        for (let minute = 0; minute < 20; minute++) await rounds.round(60);
        expect(calls).toBe(5);
        broken.by = () => undefined;
        for (const resolve of waiting) resolve(await unavailable());
        wait.mockRestore();
        await reaches(rounds, ["vector"]);
      },
      broken,
    );
  });

  it("keeps a bounded number of sessions in mind while no sink delivers", async () => {
    traffic.attempt = away;
    const stub = bindings.SCHEDULE.getByName(`canary ${objects}`);
    const waiting = () =>
      runInDurableObject(stub, (_, { storage }) => {
        const { unlogged, unsent } = storage.kv.get("canary") as { unlogged: object[]; unsent: object[] };
        return [unlogged.length, unsent.length];
      });
    await withCanary(take(), async (rounds) => {
      for (let minute = 0; minute < 70; minute++) {
        await rounds.round(60);
        await roundsUntil(rounds, [], (ages) => (ages.log ?? Number.NaN) < FRESH_S);
      }
    });
    expect(await waiting()).toEqual([0, 60]);
  });
});

describe("a session of the canary", () => {
  it("is traffic of a test, with an origin of the site", async () => {
    const { batch, origin } = createCanarySession(tenant("shop").site, Date.now());
    expect([batch.traffic, origin]).toEqual(["test", "https://shop.example"]);
    const other = { ...tenant("shop").site, origins: ["http://*.*.shop.example:*"] };
    expect(createCanarySession(other, 0).origin).toBe("http://canary.canary.shop.example:8080");
    const response = await request("/v1/events", {
      ...{ method: "POST", headers: { origin }, body: JSON.stringify(batch) },
    });
    expect((await response.json<BatchResponse>()).accepted).toBe(2);
  });

  it("is marked in the log", async () => {
    const { attempts } = recordDeliveries();
    await withCanary(take(), async (rounds) => {
      await reaches(rounds);
      const records = attempts.flatMap(({ cut }) => cut.records.map(({ record }) => record));
      const events = records.flatMap((record) => (record.kind === "event" ? [record.event] : []));
      expect(events.length).toBeGreaterThan(0);
      expect(new Set(events.map((each) => each.traffic))).toEqual(new Set(["test"]));
    });
  });
});

describe("the schedule", () => {
  it("plays the canary of the configuration once a minute, and has its ages in the metrics", async () => {
    recordDeliveries();
    const site = take();
    const watched = new Map([...tenants, [current, { ...site, isCanary: true }]]);
    // A stub fails for good once its object has stopped.
    const schedule = () => scheduleOf(bindings);
    await stop(schedule());
    traffic.scheduled = watched;
    const key = (step: string) => `tidemark_canary_age_seconds{site="${current}",step="${step}"}`;
    expect(await scheduleSamples(bindings, watched)).toMatchObject({ [key("vector")]: 0, [key("sink")]: 0 });
    await worker.scheduled({} as ScheduledController, bindings);
    const next = async () => {
      const at = Number(await runInDurableObject(schedule(), (_, { storage }) => storage.getAlarm()));
      vi.setSystemTime(Math.max(at, Date.now()));
      await runDurableObjectAlarm(schedule());
      return at;
    };
    await next();
    const from = Date.now();
    const times = [await next(), await next()];
    expect(times.map((time) => (time - from) / 1_000)).toEqual([10, 20]);
    await eventually(async () => {
      await runDurableObjectAlarm(partitionOf(bindings, site, 0));
      await next();
      const samples = await scheduleSamples(bindings, watched);
      // Without a session they would be as old as the canary.
      expect(Date.now()).toBeGreaterThan(from + 180_000);
      for (const step of canarySteps) expect(samples[key(step)], step).toBeLessThan(FRESH_S);
    });
    await stop(schedule());
  });
});
