import { deepStrictEqual } from "node:assert";
import type { SessionVectorResponse } from "@tidemark/schema";
import { Pool } from "undici";
import { CONNECTIONS } from "../collector/load.ts";
import { type Store, startFeast } from "./feast-server.ts";
import { BULK, onlineFeatures, sessionsOf, valuesIn } from "./online-features.ts";
import { readFor, send } from "./read-load.ts";

/** Pushes that measure freshness. */
const PROBES = 50;

/** The measured server, in milliseconds. */
interface FeastReads {
  /** Latencies of reads of {@link BULK} sessions. */
  latencies: number[];
  /** Times from the response to a push to the end of the first read that has its value. */
  freshness: number[];
}

/** Feast's value for a feature: a list is JSON text. */
const pushed = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null);

const push = (pool: Pool, vectors: readonly SessionVectorResponse[], time?: number): Promise<unknown> => {
  const times = vectors.map(({ event_time }) => new Date(time ?? event_time).toISOString());
  const columns = Object.keys(vectors[0]?.features ?? {}).map((name) => [
    name,
    vectors.map(({ features }) => pushed(features[name])),
  ]);
  const df = {
    ...{ session_id: vectors.map(({ id }) => id), event_timestamp: times, created: times },
    ...Object.fromEntries(columns),
  };
  return send(pool, { name: "push", path: "/push", body: { push_source_name: "session_push", df, to: "online" } });
};

const measureFreshness = async (pool: Pool, vector: SessionVectorResponse): Promise<number[]> => {
  const waits: number[] = [];
  for (let probe = 1; probe <= PROBES; probe += 1) {
    const features = { ...vector.features, click_count: 1_000 + probe };
    await push(pool, [{ ...vector, features }], vector.event_time + 1_000 * probe);
    const acknowledged = performance.now();
    while (valuesIn(await send(pool, onlineFeatures([vector.id]))).click_count?.[0] !== 1_000 + probe);
    waits.push(performance.now() - acknowledged);
  }
  return waits;
};

/**
 * Measures Feast's server, without other load.
 *
 * @param vectors The vectors that it gets.
 * @param expected The collector's response to a read of the first {@link BULK} of them.
 * @throws AssertionError when the server's values are not the collector's.
 */
export const measureFeast = async (
  store: Store,
  vectors: readonly SessionVectorResponse[],
  expected: unknown,
): Promise<FeastReads> => {
  const server = await startFeast(store);
  const pool = new Pool(server.origin, { connections: CONNECTIONS, pipelining: 1 });
  const ids = vectors.map(({ id }) => id);
  try {
    await push(pool, vectors);
    deepStrictEqual(valuesIn(await send(pool, onlineFeatures(ids.slice(0, BULK)))), valuesIn(expected));
    const readsOf = (round: number) => [onlineFeatures(sessionsOf(round, ids))];
    const reads = await readFor(pool, { readsOf, forMs: 15_000, everyMs: 100 });
    const freshness = await measureFreshness(pool, vectors[0] as SessionVectorResponse);
    return { latencies: Object.values(reads).flat(), freshness };
  } finally {
    await pool.close();
    server.stop();
  }
};
