import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type LoggedEvent, replay } from "@tidemark/engine";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventsUntil } from "../../engine/test/events.ts";
import { type Env, sessionOf } from "../src/env.ts";
import { type UnplacedRecord, unpackRecords } from "../src/records/packed-records.ts";
import { vectorOf } from "./workers/client.ts";
import { batchesOf, compare, named, send } from "./workers/replayed.ts";
import { config, tenant, traffic } from "./workers/worker.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_800_000_000_000;

const bindings = env as unknown as Env;

/** Lets the collector's clock pass the end of the sessions, and runs their alarms. */
const close = async (sessions: Iterable<string>) => {
  vi.setSystemTime(Date.now() + SESSION_IDLE_MS);
  for (const session of sessions) await runDurableObjectAlarm(sessionOf(bindings, tenant("shop"), session));
};

/** The records that a session has sent for the log, each once, in order. */
const recordsOf = (session: string): UnplacedRecord[] => {
  const sent = traffic.records.filter((each) => each.session === session);
  const records = sent.flatMap((each) => [...unpackRecords(each.records)]);
  return [...new Map(records.map((record) => [record.arrival, record])).values()];
};

const eventsIn = (records: readonly UnplacedRecord[]): LoggedEvent[] =>
  records.flatMap((record) => (record.kind === "event" ? [record.event] : []));

/** Compares the final vectors of a session with replays of the events before them. Returns their number. */
const compareVectors = (records: readonly UnplacedRecord[]): number => {
  const vectors = records.flatMap((record) => (record.kind === "vector" ? [record] : []));
  for (const { arrival, event_time, late, too_late, features } of vectors) {
    const before = eventsIn(records.filter((record) => record.arrival < arrival));
    const [session] = replay(before, config.features).filter(({ entity }) => entity === "session");
    expect({ ...session?.state, features: session?.features }).toMatchObject({ event_time, late, too_late, features });
  }
  return vectors.length;
};

describe("the served vectors", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    // A session waits between two pushes. Its clock stands still meanwhile.
    const wait = scheduler.wait.bind(scheduler);
    vi.spyOn(scheduler, "wait").mockImplementation((ms) => wait(Math.min(ms, 5)));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("equal a replay of the same events to the bit, for sessions, users, pages and products", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        eventsUntil({ until: 2 * DAY, maxLength: 40 }),
        fc.infiniteStream(fc.boolean()),
        async (events, again) => {
          vi.setSystemTime(NOW);
          const batches = batchesOf(named(events, NOW, crypto.randomUUID().slice(0, 8)));
          for (const each of batches) {
            await send(each, Date.now());
            if (again.next().value)
              expect(await send(each, Date.now())).toMatchObject({ accepted: 0, duplicates: each.length });
          }
          const replayed = replay(batches.flat(), config.features);
          await vi.waitFor(() => Promise.all(replayed.map((each) => compare(each))), { timeout: 20_000 });
          compared += replayed.length;
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it("equal a replay of the log, with closed and reopened sessions, wrong clocks and slow requests", async () => {
    const circumstances = fc.record({
      /** How far the clock of each page is ahead. */
      error: fc.constantFrom(0, 0, 40_000, -40_000, 3 * HOUR, -DAY),
      transit: fc.constantFrom(0, 40, 3_000, 50_000, 2 * HOUR),
      wait: fc.constantFrom(0, 1_000, 10 * HOUR),
      isClosed: fc.boolean(),
    });
    let [compared, vectors] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        eventsUntil({ until: 2 * DAY, maxLength: 30 }),
        fc.infiniteStream(circumstances),
        async (events, all) => {
          vi.setSystemTime(NOW);
          const sessions = new Set<string>();
          let accepted = 0;
          for (const each of batchesOf(named(events, NOW, crypto.randomUUID().slice(0, 8)))) {
            const { error, transit, wait, isClosed } = all.next().value;
            sessions.add(each[0]?.session_id as string);
            vi.setSystemTime(Date.now() + wait + transit);
            const stamped = each.map((event) => ({ ...event, time: event.time + error }));
            accepted += (await send(stamped, Date.now() - transit + error)).accepted;
            if (isClosed) await close(sessions);
          }
          await close(sessions);
          const logs = await vi.waitFor(
            async () => {
              const found = [...sessions].map(recordsOf);
              const versions = await Promise.all([...sessions].map(async (each) => (await vectorOf(each)).version));
              expect(found.flat()).toHaveLength(accepted + versions.reduce((sum, version) => sum + version, 0));
              return found;
            },
            { timeout: 20_000 },
          );
          const replayed = replay(eventsIn(logs.flat()), config.features);
          await vi.waitFor(() => Promise.all(replayed.map((each) => compare(each))), { timeout: 20_000 });
          compared += replayed.length;
          for (const log of logs) vectors += compareVectors(log);
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(40);
    expect(vectors).toBeGreaterThan(15);
  });
});
