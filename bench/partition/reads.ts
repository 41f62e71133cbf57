import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "@tidemark/schema";
import { Pool } from "undici";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { CONNECTIONS, post } from "../collector/load.ts";
import { makeTraffic } from "../collector/traffic.ts";
import { quantile } from "../spread.ts";

const WORKER = new URL("../../tests/workerd/workers/unlogged.ts", import.meta.url);
/** The reference: parses, makes one call to a Durable Object and writes one row. */
const BARE = new URL("../collector/workers/row.ts", import.meta.url);

const EVENTS = 20;
const SESSIONS = 200;

/** Batches that measure the maximum rate, after as many again that warm the Worker up. */
const BATCHES = 2_400;

/** Time of the reads under ingest, and as long without, in milliseconds. */
const READS_MS = 15_000;

/** Time from one read to the next, in milliseconds. The reads alternate between the entities. */
const READ_EVERY_MS = 10;

/** Latencies of the reads of an entity, in milliseconds: with ingest at half of the maximum rate, and without ingest. */
interface Reads {
  entity: string;
  p50: number;
  p99: number;
  idleP99: number;
}

/** The result of {@link measureReads}. */
export interface MeasuredReads {
  /** Maximum number of batches a second. */
  rate: number;
  reads: Reads[];
  /** The 99th percentile of a batch of the reference at half of its own maximum rate, in milliseconds. */
  bareP99: number;
}

/** A user is read by the anonymous id, and a page by its path. */
const pathsOf = ({ session_id, anonymous_id, views }: Batch): Record<string, string> => ({
  session: session_id,
  user: anonymous_id,
  page: new URL(views[0]?.url ?? "").pathname,
});

/** Reads the entities of some batches until a time is over. Returns the latencies by entity. */
const read = async (pool: Pool, { readKey }: Workerd, batches: Batch[], forMs: number) => {
  const latencies: Record<string, number[]> = {};
  const reads: Promise<void>[] = [];
  const readOne = async (entity: string, id: string) => {
    const sent = performance.now();
    const path = `/v1/features/${entity}/${encodeURIComponent(id)}`;
    const response = await pool.request({ path, method: "GET", headers: { authorization: `Bearer ${readKey}` } });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`);
    latencies[entity] = [...(latencies[entity] ?? []), performance.now() - sent];
  };
  const end = performance.now() + forMs;
  for (let number = 0; performance.now() < end; number += 1) {
    const paths = Object.entries(pathsOf(batches[number % batches.length] as Batch));
    const [entity, id] = paths[number % paths.length] as [string, string];
    reads.push(readOne(entity, id));
    await sleep(READ_EVERY_MS);
  }
  await Promise.all(reads);
  return latencies;
};

/** Posts bodies at a rate a second, without waiting for responses. Returns the latencies in milliseconds. */
const postAt = async (pool: Pool, bodies: Buffer[], rate: number): Promise<number[]> => {
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

/** Bodies that measure the maximum rate, and as many as half of a rate sends in {@link READS_MS}. */
const makeBodies = () => {
  const bodies = makeTraffic({
    events: EVENTS,
    batches: 2 * BATCHES + (READS_MS / 1_000) * 1_500,
    sessions: SESSIONS,
  });
  const first = bodies.slice(0, 2 * BATCHES);
  return { first, half: (rate: number) => bodies.slice(first.length, first.length + (rate / 2) * (READS_MS / 1_000)) };
};

/** Measures batches of the reference at half of its maximum rate. Returns the latencies in milliseconds. */
const measureBare = async (): Promise<number[]> => {
  const worker = await startWorkerd(BARE);
  const pool = new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 });
  try {
    const { first, half } = makeBodies();
    const { rate } = await post(worker.origin, first, { uncounted: BATCHES });
    return await postAt(pool, half(rate), rate / 2);
  } finally {
    await pool.close();
    await worker.remove();
  }
};

/**
 * Measures reads on bare workerd while it receives half of the batches that it can store.
 *
 * At that load the runtime collects garbage every few seconds for some 50 ms, in which its only thread responds to
 * nothing. The reference has these pauses too.
 */
export const measureReads = async (): Promise<MeasuredReads> => {
  const bareP99 = quantile(await measureBare(), 0.99);
  const worker = await startWorkerd(WORKER);
  const [writes, reads] = [1, 1].map(() => new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 }));
  if (!writes || !reads) throw new Error("there is no pool");
  try {
    const { first, half } = makeBodies();
    const { rate } = await post(worker.origin, first, { uncounted: BATCHES });
    const batches = first.slice(0, SESSIONS).map((body) => JSON.parse(body.toString()) as Batch);
    await sleep(2_000);
    const idle = await read(reads, worker, batches, READS_MS);
    const [busy] = await Promise.all([read(reads, worker, batches, READS_MS), postAt(writes, half(rate), rate / 2)]);
    return {
      bareP99,
      rate,
      reads: Object.entries(busy).map(([entity, latencies]) => ({
        entity,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        idleP99: quantile(idle[entity] ?? [], 0.99),
      })),
    };
  } finally {
    await Promise.all([writes.close(), reads.close()]);
    await worker.remove();
  }
};
