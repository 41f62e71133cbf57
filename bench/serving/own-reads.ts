import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, SessionVectorResponse } from "@tidemark/schema";
import { Pool } from "undici";
import { type Freshness, measureFreshness } from "../../scripts/visit/freshness.ts";
import { startWorkerd } from "../../tests/workerd/workerd.ts";
import { CONNECTIONS, post } from "../collector/load.ts";
import { site } from "../collector/traffic.ts";
import { BATCHES, INGEST_MS, makeBodies, postAt, SESSIONS } from "./ingest.ts";
import { BULK, onlineFeatures, SET, sessionsOf } from "./online-features.ts";
import { type Latencies, type Read, readFor, send } from "./read-load.ts";

const WORKER = new URL("../../tests/workerd/workers/unlogged.ts", import.meta.url);

/** Time of the reads of one vector, and then of many, and time from one read to the next, in milliseconds. */
const LOADS = { one: { forMs: INGEST_MS / 2, everyMs: 10 }, many: { forMs: INGEST_MS / 2, everyMs: 50 } };

/** The measured collector. */
export interface OwnReads {
  /** The largest number of batches that it stores in a second. */
  rate: number;
  /** Latencies without ingest, and with ingest at half of the rate. */
  idle: Latencies;
  busy: Latencies;
  freshness: Freshness;
  /** The vectors of all sessions. */
  vectors: SessionVectorResponse[];
  /** The response to a read of the first {@link BULK} sessions in Feast's form. */
  online: unknown;
}

/** A user is read by the anonymous id, and a page by its path. */
const idsOf = ({ session_id, anonymous_id, views }: Batch): Record<string, string> => ({
  session: session_id,
  user: anonymous_id,
  page: new URL(views[0]?.url ?? "").pathname,
});

/** Reads of one vector of each kind, of other entities in each round. */
const readsOfOne =
  (batches: readonly Batch[]) =>
  (round: number): Read[] =>
    Object.entries(idsOf(batches[round % batches.length] as Batch)).map(([entity, id]) => ({
      name: `one ${entity}`,
      path: `/v1/features/${entity}/${encodeURIComponent(id)}`,
    }));

/** Reads of {@link BULK} sessions in both ways, of others in each round. */
const readsOfMany =
  (ids: readonly string[]) =>
  (round: number): Read[] => {
    const sessions = sessionsOf(round, ids);
    const read = sessions.map((id) => ({ entity: "session", id, set: SET.name }));
    return [
      { name: `${BULK} sessions, bulk`, path: "/v1/features", body: { read, deadline_ms: 5_000 } },
      onlineFeatures(sessions),
    ];
  };

/** Fills the collector on bare workerd with sessions, and measures reads without ingest, and with ingest. */
export const measureOwn = async (): Promise<OwnReads> => {
  const worker = await startWorkerd(WORKER);
  const [writes, reads] = [1, 1].map(() => new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 }));
  if (!writes || !reads) throw new Error("there is no pool");
  try {
    const { first, half } = makeBodies();
    const { rate } = await post(worker.origin, first, { uncounted: BATCHES });
    const batches = first.slice(0, SESSIONS).map((body) => JSON.parse(body.toString()) as Batch);
    const ids = batches.map(({ session_id }) => session_id);
    await sleep(2_000);
    const key = worker.readKey;
    const readAll = async () => ({
      ...(await readFor(reads, { readsOf: readsOfOne(batches), ...LOADS.one, key })),
      ...(await readFor(reads, { readsOf: readsOfMany(ids), ...LOADS.many, key })),
    });
    const idle = await readAll();
    const [busy] = await Promise.all([readAll(), postAt(writes, half(rate), rate / 2)]);
    const ask = (read: Read) => send(reads, read, key);
    const read = ids.map((id) => ({ entity: "session", id }));
    const { vectors } = (await ask({ name: "all", path: "/v1/features", body: { read, deadline_ms: 5_000 } })) as {
      vectors: SessionVectorResponse[];
    };
    const online = await ask(onlineFeatures(ids.slice(0, BULK)));
    const freshness = await measureFreshness({ collector: worker, readKey: key }, site.key);
    return { rate, idle, busy, freshness, vectors, online };
  } finally {
    await Promise.all([writes.close(), reads.close()]);
    await worker.remove();
  }
};
