import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type LoggedEvent, replay } from "@tidemark/engine";
import type { LogRecord } from "@tidemark/schema/log";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventsUntil } from "../../../engine/test/events.ts";
import { SHARDS } from "../../src/entities/shards.ts";
import { type Env, entityShardOf, partitionOf, sessionOf } from "../../src/env.ts";
import { request } from "../workers/client.ts";
import { batchesOf, compare, named, send } from "../workers/replayed.ts";
import { config, type Fault, splitSites, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  vi.spyOn(console, "error").mockReturnValue();
  // The clock stands still: objects would wait for the time of their next write or push.
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation(() => wait(1));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.fault = () => undefined;
  traffic.isHot = () => false;
});

/** Stops an object as a crash does: nothing that is not durable remains. */
const stop = async (stub: DurableObjectStub) => {
  await runInDurableObject(stub, (_, state) => state.abort("the object stops")).catch(() => {});
};

const idOf = ({ session_id, tab_id, seq }: LoggedEvent) => `${session_id}/${tab_id}/${seq}`;

/** Events session by session, in the order of arrival in each. */
const bySession = (events: LoggedEvent[]) =>
  events.toSorted((one, other) => (one.session_id < other.session_id ? -1 : one.session_id > other.session_id ? 1 : 0));

/** The events in a site's log, session by session, in the order of arrival in each. */
const loggedEvents = async (site: string): Promise<LoggedEvent[]> => {
  const admin = { headers: { authorization: "Bearer admin-key" } };
  const text = await (await request(`/v1/log/tail?site=${site}`, admin)).text();
  const records = text.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as LogRecord)));
  const events = records.filter((record) => record.kind === "event");
  return bySession(events.toSorted((one, other) => one.arrival - other.arrival).map(({ event }) => event));
};

/** The features of all entities, by entity and id. */
const featuresIn = (events: LoggedEvent[]) =>
  Object.fromEntries(replay(events, config.features).map(({ entity, id, features }) => [`${entity} ${id}`, features]));

describe("a site whose partitions are split", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant({ do: "send" as const }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("split" as const), calls: fc.integer({ min: 1, max: 9 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("stop" as const),
        what: fc.constantFrom("partition" as const, "shard" as const, "session" as const),
        which: fc.nat(63),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: "compare" as const }) },
  );
  const visits = fc.array(eventsUntil({ until: 2 * DAY, maxLength: 12 }), { minLength: 2, maxLength: 6 });
  const faults = fc.array(
    fc.constantFrom<(Fault | undefined)[]>(
      "lose_request",
      "lose_response",
      "stop_before",
      "stop_after",
      undefined,
      undefined,
      undefined,
      undefined,
    ),
    { maxLength: 40 },
  );

  it("serves the vectors of a replay at each moment of rest, under failures, lost responses and crashes", async () => {
    let run = 0;
    let compared = 0;
    /** The depths that were seen, and the kinds of entities that were compared after a first split. */
    const depths = new Set<number>();
    const kinds = new Set<string>();
    const injectedFaults = new Set<Fault>();
    await fc.assert(
      fc.asyncProperty(
        visits,
        fc.array(step, { minLength: 5, maxLength: 40 }),
        faults,
        async (histories, steps, injected) => {
          const { id: site, key } = splitSites[run] as (typeof splitSites)[number];
          const readKey = `split-${run}`;
          vi.setSystemTime(NOW);
          run += 1;
          const of = tenant(site);
          const batches = histories
            .flatMap((events, visit) => batchesOf(named(events, NOW, `run${run}`, `run${run}visit${visit}`)))
            .map((events) => events.map((event) => ({ ...event, session_id: `${site}.${event.session_id}` })));
          let hot = 0;
          traffic.isHot = (name) => name === site && hot-- > 0;
          let isAtRest = false;
          traffic.fault = () => {
            const fault = isAtRest ? undefined : injected.shift();
            if (fault) injectedFaults.add(fault);
            return fault;
          };
          /** The partitions that have received pushes. */
          const used = () => [
            ...new Set(
              traffic.calls
                .filter((call) => call.to.startsWith("partition") && call.site === site)
                .map(({ to }) => Number(to.split(" ")[1])),
            ),
          ];
          const depthOf = (partition: number) =>
            runInDurableObject(
              partitionOf(bindings, of, partition),
              (_, { storage }) => storage.kv.get<{ depth: number }>("partition")?.depth ?? 0,
            );
          const sent: LoggedEvent[][] = [];
          const sendNext = async () => {
            const next = batches[sent.length];
            if (!next) return;
            await send(next, Date.now(), key);
            sent.push(next);
          };
          /** Waits until all that is acknowledged has arrived, and compares it with a replay. */
          const compareAll = async () => {
            isAtRest = true;
            const replayed = replay(sent.flat(), config.features);
            const sessions = [...new Set(sent.flat().map(({ session_id }) => session_id))];
            await vi.waitFor(
              async () => {
                vi.setSystemTime(Date.now() + 5_000);
                await Promise.all(sessions.map((session) => runDurableObjectAlarm(sessionOf(bindings, of, session))));
                await Promise.all(used().map((each) => runDurableObjectAlarm(partitionOf(bindings, of, each))));
                await Promise.all(replayed.map((each) => compare(each, readKey)));
              },
              { timeout: 20_000, interval: 20 },
            );
            compared += replayed.length;
            const reached = await Promise.all(used().map(depthOf));
            for (const depth of reached) depths.add(depth);
            if (Math.max(0, ...reached) > 0) for (const { entity } of replayed) kinds.add(entity);
            isAtRest = false;
          };
          for (const each of steps) {
            if (each.do === "send") await sendNext();
            else if (each.do === "split") hot = each.calls;
            else if (each.do === "compare") await compareAll();
            else {
              const [first] = sent[each.which % Math.max(1, sent.length)] ?? [];
              const partitions = used();
              const stub = {
                partition: partitionOf(bindings, of, partitions[each.which % Math.max(1, partitions.length)] ?? 0),
                shard: entityShardOf(bindings, of, each.which % SHARDS),
                session: first && sessionOf(bindings, of, first.session_id),
              }[each.what];
              if (stub) await stop(stub);
            }
          }
          while (sent.length < batches.length) await sendNext();
          await compareAll();
          const logged = await loggedEvents(site);
          expect(logged.map(idOf)).toEqual(bySession(sent.flat()).map(idOf));
          expect(featuresIn(logged)).toEqual(featuresIn(bySession(sent.flat())));
        },
      ),
      { numRuns: 30, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(300);
    expect([...depths]).toEqual(expect.arrayContaining([0, 1, 2, 3, 4]));
    expect([...kinds].sort()).toEqual(["page", "product", "session", "user"]);
    expect([...injectedFaults].sort()).toEqual(["lose_request", "lose_response", "stop_after", "stop_before"]);
  }, 200_000);
});
