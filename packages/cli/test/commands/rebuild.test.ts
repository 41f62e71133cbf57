import { compileFeatures, type EntityKey, type RebuildStart, shardFor } from "@tidemark/collector/rebuild";
import { type EngineState, replay } from "@tidemark/engine";
import { defaultFeatures, goalFeatures } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { eventsOf, logOf } from "../log/log-records.ts";
import { ADMIN_KEY, type LogServer, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const records = logOf({ features: defaultFeatures, partitions: 2 });

/** Sessions credit the goals to pages, which other shards may have. */
const features = [...defaultFeatures, ...goalFeatures([{ name: "sold", source: "custom", value: "properties.price" }])];

const { rollups } = compileFeatures(features);

/** A position after all offsets of the log. */
const END = 2 ** 20;

const startOf = (shards: readonly (number | null)[], position = END): RebuildStart => ({
  sender: { id: "rebuild 1", began_at: 1 },
  targets: shards.map((shard) => ({ shard, positions: [0, 1].map((partition) => ({ partition, position })) })),
});

const run = async (server: LogServer, ...args: string[]) =>
  runTidemark(deploymentFolder(configWith(JSON.stringify(features))), ["rebuild", "--url", server.url, ...args], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });

/** The features of the received states, by entity and id. */
const receivedIn = ({ states }: LogServer): Map<string, object> => {
  const merged = new Map<string, EngineState>();
  for (const { pushes } of states)
    for (const { deltas } of pushes)
      for (const [key, { anonymous_ids: _, is_earlier: __, ...delta }] of Object.entries(deltas)) {
        const engine = rollups.get(key.slice(0, key.indexOf(":")))?.engine;
        if (!engine) throw new Error(`unexpected ${key}`);
        const state = merged.get(key) ?? engine.emptyState();
        engine.mergeInto(state, { ...engine.layout, late: 0, too_late: 0, ...delta });
        merged.set(key, state);
      }
  return new Map(
    [...merged].map(([key, state]) => {
      const engine = rollups.get(key.slice(0, key.indexOf(":")))?.engine;
      return [key, engine?.vector(state, state.event_time ?? 0) as object];
    }),
  );
};

const expected = new Map<string, object>(
  replay(eventsOf(records), features)
    .filter(({ entity }) => entity !== "session")
    .map(({ entity, id, features }) => [`${entity}:${id}`, features]),
);

describe("tidemark rebuild", () => {
  it("sends the states of a replay to the shards, from files and the tail, and repeats failed requests", async () => {
    const server = await serveLog(records);
    await server.cut(150);
    server.rebuildStart = startOf(Array.from({ length: 16 }, (_, shard) => shard));
    server.failStates = 1;
    const outcome = await run(server);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toMatch(
      /^Rebuilt \d+ states of 16 objects from 360 events of 6 sessions, since 2026-11-29T08:/,
    );
    const received = receivedIn(server);
    expect([...received.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, features] of expected) expect(received.get(key), key).toEqual(features);
    for (const { shard, pushes } of server.states)
      for (const { deltas } of pushes)
        for (const key of Object.keys(deltas) as EntityKey[]) expect(shardFor(key)).toBe(shard);
    const lists = server.requests.filter((each) => each.includes("/v1/log/files?"));
    const begin = server.requests.findIndex((each) => each.includes("/v1/rebuild/begin"));
    expect([lists.length, begin < server.requests.lastIndexOf("GET /v1/log/tail?site=shop")]).toEqual([2, true]);
  });

  it("leaves out events after the positions, and the entities of other shards", async () => {
    const server = await serveLog(records);
    server.rebuildStart = startOf([3], -1);
    const outcome = await run(server, "--shard", "3", "--json");
    expect(outcome.json()).toEqual([{ events: 0, sessions: 0, states: 0, from: expect.any(Number), objects: 1 }]);
    expect(server.requests).toContain("POST /v1/rebuild/begin?site=shop&shard=3");
    server.rebuildStart = startOf([3]);
    await run(server, "--shard", "3");
    const ofShard = [...expected.keys()].filter((key) => shardFor(key as EntityKey) === 3);
    expect([...receivedIn(server).keys()].sort()).toEqual(ofShard.sort());
  });

  it("rejects a shard that is no number", async () => {
    const { code, stderr } = await run(await serveLog(records), "--shard", "all");
    expect([code, stderr]).toEqual([2, expect.stringContaining('--shard expects a number from 0 to 15; given "all".')]);
  });
});
