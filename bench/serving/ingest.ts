import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { CONNECTIONS, post } from "../collector/load.ts";
import { makeTraffic } from "../collector/traffic.ts";

/** The least Worker that stores a batch: it parses, makes one call to a Durable Object and writes one row. */
const BARE = new URL("../collector/workers/row.ts", import.meta.url);

const EVENTS = 20;

/** Sessions that send batches in turn. */
export const SESSIONS = 200;

/** Batches that measure the maximum rate, after as many again that warm the Worker up. */
export const BATCHES = 2_400;

/** Time of the ingest at half of the maximum rate, in milliseconds. */
export const INGEST_MS = 30_000;

/** Highest rate for which there are bodies, in batches a second. */
const MAX_RATE = 2_000;

/** Batches a second of the reference without load, and their number. */
const IDLE = { rate: 40, batches: 400 };

/** Posts bodies at a rate a second, without waiting for responses. Returns the latencies in milliseconds. */
export const postAt = async (pool: Pool, bodies: Buffer[], rate: number): Promise<number[]> => {
  const latencies: number[] = [];
  const responses: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (const [index, body] of bodies.entries()) {
    const early = startedAt + (index * 1_000) / rate - performance.now();
    if (early > 1) await sleep(early);
    const sent = performance.now();
    responses.push(
      pool.request({ path: "/v1/events", method: "POST", body }).then(async ({ statusCode, body: text }) => {
        if (statusCode !== 200) throw new Error(`${statusCode} ${await text.text()}`);
        await text.text();
        latencies.push(performance.now() - sent);
      }),
    );
  }
  await Promise.all(responses);
  return latencies;
};

/** Bodies that measure the maximum rate, and as many as half of a rate sends in {@link INGEST_MS}. */
export const makeBodies = () => {
  const halfOf = (rate: number) => Math.floor((Math.min(rate, MAX_RATE) / 2) * (INGEST_MS / 1_000));
  const bodies = makeTraffic({ events: EVENTS, batches: 2 * BATCHES + halfOf(MAX_RATE), sessions: SESSIONS });
  const first = bodies.slice(0, 2 * BATCHES);
  return { first, half: (rate: number) => bodies.slice(first.length, first.length + halfOf(rate)) };
};

/** Latencies of batches, in milliseconds: at the rate of {@link IDLE}, and at half of the maximum rate. */
interface BareLatencies {
  idle: number[];
  busy: number[];
}

/** Runs a measurement of the reference, whose only thread has the pauses of the runtime too. */
const withBare = async <T>(measure: (worker: Workerd, pool: Pool) => Promise<T>): Promise<T> => {
  const worker = await startWorkerd(BARE);
  const pool = new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 });
  try {
    return await measure(worker, pool);
  } finally {
    await pool.close();
    await worker.remove();
  }
};

/** Measures the reference without load and at half of its maximum rate. */
export const measureBare = (): Promise<BareLatencies> =>
  withBare(async (worker, pool) => {
    const { first, half } = makeBodies();
    const { rate } = await post(worker.origin, first, { uncounted: BATCHES });
    const idle = await postAt(pool, first.slice(0, IDLE.batches), IDLE.rate);
    return { idle, busy: await postAt(pool, half(rate), rate / 2) };
  });

/** Measures the reference without load, after batches that warm it up. Returns the latencies in milliseconds. */
export const measureIdleBare = (): Promise<number[]> =>
  withBare(async (worker, pool) => {
    const { first } = makeBodies();
    await post(worker.origin, first.slice(0, BATCHES), { uncounted: 0 });
    return postAt(pool, first.slice(0, IDLE.batches), IDLE.rate);
  });
