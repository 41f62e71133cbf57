import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type LoggedEvent, replay } from "@tidemark/engine";
import { eventColumns, eventIn, type LogFile, type LogRecord, type StoredRow } from "@tidemark/schema/log";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PlacedEvent, rebuildStates } from "../../../cli/src/log/rebuild-states.ts";
import { eventsUntil } from "../../../engine/test/events.ts";
import type { RebuildStart } from "../../src/entities/push.ts";
import { type Env, entityShardOf, partitionOf, sessionOf } from "../../src/env.ts";
import { ParquetSource } from "../../src/log/parquet-source.ts";
import { errorOf, request } from "../workers/client.ts";
import { batchesOf, compare, named, send } from "../workers/replayed.ts";
import { config, splitSites, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;
const admin = { headers: { authorization: "Bearer admin-key" } };

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
  traffic.isHot = () => false;
});

const post = async <T>(path: string, body?: object): Promise<T> => {
  const response = await request(path, { ...admin, method: "POST", ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json<T>();
};

/** Deletes the storage of an object, as an operator's mistake does. */
const lose = async (stub: DurableObjectStub): Promise<void> => {
  await runInDurableObject(stub, (_, { storage }) => storage.deleteAll());
  await evictDurableObject(stub);
};

/** The rows of a file. */
const rowsIn = (source: ParquetSource): StoredRow[] => {
  const rows = Array.from({ length: source.rows }, (): Record<string, StoredRow[string]> => ({}));
  for (const { name, type } of eventColumns)
    for (const { start, values } of source.read(name))
      for (let index = 0; index < values.length; index += 1) {
        const value = values[index];
        const number = typeof value === "bigint" ? Number(value) / (type === "timestamp" ? 1_000 : 1) : value;
        (rows[start + index] as Record<string, unknown>)[name] = number;
      }
  return rows;
};

/** Reads the events of a log session by session: the tail first, and then the files. */
const readLog = async (site: string): Promise<PlacedEvent[]> => {
  const tail = await (await request(`/v1/log/tail?site=${site}`, admin)).text();
  const { files } = await (await request(`/v1/log/files?site=${site}`, admin)).json<{ files: LogFile[] }>();
  const placed = new Map<string, PlacedEvent & { arrival: number }>();
  const add = (each: PlacedEvent & { arrival: number }) => placed.set(`${each.partition} ${each.offset}`, each);
  for (const line of tail.split("\n").filter(Boolean)) {
    const record = JSON.parse(line) as LogRecord;
    if (record.kind === "event") add(record);
  }
  for (const { name } of files.filter(({ kind }) => kind === "event")) {
    const body = await (await request(`/v1/log/files/${name}`, admin)).arrayBuffer();
    for (const row of rowsIn(new ParquetSource(new Uint8Array(body)))) {
      const { partition, offset, received_at, arrival } = row as Record<keyof PlacedEvent | "arrival", number>;
      add({ event: eventIn(row) as LoggedEvent, partition, offset, received_at, arrival });
    }
  }
  const sessions = new Map<string, (PlacedEvent & { arrival: number })[]>();
  for (const each of placed.values())
    sessions.set(each.event.session_id, [...(sessions.get(each.event.session_id) ?? []), each]);
  return [...sessions.values()].flatMap((own) => own.sort((one, other) => one.arrival - other.arrival));
};

/** Rebuilds the entities of a site, as `tidemark rebuild` does. */
const rebuildSite = async (site: string, shard?: number): Promise<RebuildStart> => {
  const start = await post<RebuildStart>(
    `/v1/rebuild/begin?site=${site}${shard === undefined ? "" : `&shard=${shard}`}`,
  );
  await rebuildStates(await readLog(site), {
    features: config.features,
    start,
    async send(target, pushes) {
      // A repeated request changes nothing.
      for (let time = 0; time < 2; time += 1)
        await post(`/v1/rebuild/states?site=${site}`, { shard: target, sender: start.sender, pushes });
    },
    onProgress() {},
  });
  return start;
};

/** Generated visits of a site, as batches. */
const visitsOf = (site: string, histories: LoggedEvent[][], run: number): LoggedEvent[][] =>
  histories
    .map((events, visit) => batchesOf(named(events, NOW, `run${run}`, `run${run}visit${visit}`)))
    .flatMap((batches) =>
      batches.map((events) => events.map((each) => ({ ...each, session_id: `${site}.${each.session_id}` }))),
    );

describe("a rebuild", () => {
  it("gives the entities of lost shards and partitions back, while events arrive", async () => {
    let run = 0;
    const depths = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(eventsUntil({ until: 2 * DAY, maxLength: 12 }), { minLength: 4, maxLength: 8 }),
        fc.constantFrom(0, 1, 3),
        fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 16 }),
        fc.uniqueArray(fc.nat(7), { maxLength: 4 }),
        async (histories, splits, lostShards, lostPartitions) => {
          const { id: site, key } = splitSites[run] as (typeof splitSites)[number];
          const readKey = `split-${run}`;
          vi.setSystemTime(NOW);
          const of = tenant(site);
          const batches = visitsOf(site, histories, run);
          run += 1;
          let hot = splits;
          traffic.isHot = (name) => name === site && hot-- > 0;
          const sent: LoggedEvent[][] = [];
          const sendUntil = async (count: number) => {
            for (const next of batches.slice(sent.length, count)) {
              await send(next, Date.now(), key);
              sent.push(next);
            }
          };
          const settle = async () => {
            vi.setSystemTime(Date.now() + 5_000);
            const sessions = [...new Set(sent.flat().map(({ session_id }) => session_id))];
            await Promise.all(sessions.map((session) => runDurableObjectAlarm(sessionOf(bindings, of, session))));
            for (let each = 0; each < 8; each += 1) await runDurableObjectAlarm(partitionOf(bindings, of, each));
          };
          const compareAll = () =>
            vi.waitFor(
              async () => {
                await settle();
                const replayed = replay(sent.flat(), config.features);
                await Promise.all(replayed.map((each) => compare(each, readKey)));
              },
              { timeout: 10_000, interval: 20 },
            );

          await sendUntil(Math.ceil(batches.length / 3));
          await compareAll();
          await post(`/v1/log/cut?site=${site}`);
          if (run % 2 === 0) await post(`/v1/log/compact?site=${site}`);
          depths.add(await partitionOf(bindings, of, 0).depth(site, 0));
          const sending = sendUntil(Math.ceil((batches.length * 2) / 3));
          for (const shard of lostShards) await lose(entityShardOf(bindings, of, shard));
          await Promise.all([sending, rebuildSite(site)]);
          await compareAll();

          await post(`/v1/log/cut?site=${site}`);
          for (const each of lostPartitions) await lose(partitionOf(bindings, of, each));
          // Restarted sessions repeat pushes whose confirmation they have not stored.
          const sessions = new Set(sent.flat().map(({ session_id }) => session_id));
          for (const session of sessions) await evictDurableObject(sessionOf(bindings, of, session));
          await Promise.all([sendUntil(batches.length), rebuildSite(site)]);
          await compareAll();
          const ids = (await readLog(site)).map(({ event }) => `${event.session_id} ${event.tab_id} ${event.seq}`);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.length).toBe(sent.flat().length);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
    expect(depths.has(0)).toBe(true);
    expect(Math.max(...depths)).toBeGreaterThan(0);
  }, 120_000);

  it("of one shard leaves the others as they are", async () => {
    const { id: site, key } = splitSites[100] as (typeof splitSites)[number];
    const of = tenant(site);
    let hot = 1;
    traffic.isHot = (name) => name === site && hot-- > 0;
    const [history] = fc.sample(eventsUntil({ until: DAY, maxLength: 40 }), { numRuns: 1, seed: 7 });
    const batches = visitsOf(site, [history as LoggedEvent[]], 100);
    for (const each of batches) await send(each, Date.now(), key);
    await vi.waitFor(
      async () => {
        vi.setSystemTime(Date.now() + 5_000);
        for (const each of [0, 1]) await runDurableObjectAlarm(partitionOf(bindings, of, each));
        await Promise.all(replay(batches.flat(), config.features).map((each) => compare(each, "split-100")));
      },
      { timeout: 10_000, interval: 20 },
    );
    for (let shard = 0; shard < 16; shard += 1) {
      await lose(entityShardOf(bindings, of, shard));
      expect((await rebuildSite(site, shard)).targets.map((target) => target.shard)).toEqual([shard]);
    }
    await Promise.all(replay(batches.flat(), config.features).map((each) => compare(each, "split-100")));
  }, 30_000);

  it("is for operators, and rejects what it cannot do", async () => {
    expect((await errorOf(await request("/v1/rebuild/begin?site=shop", { method: "POST" })))[1]).toBe("unauthorized");
    expect((await errorOf(await request("/v1/rebuild/states?site=shop", { method: "POST" })))[1]).toBe("unauthorized");
    const errors = [
      ["/v1/rebuild/begin?site=blog"],
      ["/v1/rebuild/begin?site=shop&shard=16"],
      ["/v1/rebuild/begin?site=shop&shard=3"],
      ["/v1/rebuild/states?site=shop", "{"],
      ["/v1/rebuild/states?site=shop", '{"shard":null,"sender":{"id":"partition 0","began_at":0},"pushes":[]}'],
    ].map(async ([path, body]) =>
      errorOf(await request(path as string, { ...admin, method: "POST", ...(body && { body }) })),
    );
    expect((await Promise.all(errors)).map(([, code]) => code)).toEqual([
      "no_log",
      "invalid_query",
      "invalid_query",
      "invalid_json",
      "invalid_query",
    ]);
  });
});
