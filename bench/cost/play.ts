import { setTimeout as sleep } from "node:timers/promises";
import { SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { Pool } from "undici";
import { startWorkerd } from "../../tests/workerd/workerd.ts";
import type { Counts } from "./counts.ts";
import { createFollowers } from "./followers.ts";
import { storedBytes } from "./stored-bytes.ts";
import type { SentBatch } from "./traffic.ts";

/** Resources that a Worker used for some traffic. */
export interface Usage extends Counts {
  cpuMs: number;
  /** Bytes of the SQLite files that are stored for a month on average, by the name of the binding. */
  bytes: Record<string, number>;
}

/** Time in which batches are sent at once, in milliseconds. */
const TICK_MS = 50;

/** Time after which a batch without a response counts as waiting for the clock of the Worker, in milliseconds. */
const WAITING_MS = 25;

/** Time after the last batch until its session is closed, and until it is deleted, in milliseconds. */
const CLOSED_AFTER_MS = 31 * 60_000;
const DELETED_AFTER_MS = SESSION_KEPT_MS + 60_000;

/** Share of a month for which a session is stored. */
const STORED = SESSION_KEPT_MS / (30 * 86_400_000);

const CONNECTIONS = 64;

/** Groups batches that are sent within the same {@link TICK_MS}. */
const ticksOf = (batches: readonly SentBatch[]): SentBatch[][] => {
  const ticks = new Map<number, SentBatch[]>();
  for (const each of batches) {
    const tick = Math.floor(each.at / TICK_MS);
    ticks.set(tick, [...(ticks.get(tick) ?? []), each]);
  }
  return [...ticks.values()];
};

/**
 * Sends batches to a counted Worker on the real runtime, at their times by the Worker's clock, which jumps over the
 * times in which nothing happens. Ends when all sessions are closed and deleted.
 *
 * @param batches In the order of sending.
 * @param isFollowed Whether each page follows its session.
 * @throws Error for a batch that the Worker does not store.
 */
export const play = async (entry: URL, batches: readonly SentBatch[], isFollowed = false): Promise<Usage> => {
  const worker = await startWorkerd(entry);
  const followers = isFollowed ? createFollowers(worker.origin) : undefined;
  const pool = new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 });
  try {
    const until = async (at: number): Promise<Counts> =>
      (await (await fetch(`${worker.origin}/until?at=${at}`)).json()) as Counts;
    const post = async ({ batch }: SentBatch) => {
      const response = await pool.request({ path: "/v1/events", method: "POST", body: JSON.stringify(batch) });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`the Worker responded with ${response.statusCode} ${text}`);
    };
    const send = async (sent: SentBatch) => {
      await followers?.before(sent);
      await post(sent);
      await followers?.after(sent);
    };
    const before = await worker.cpuMs();
    const responses: Promise<unknown>[] = [];
    for (const tick of ticksOf(batches)) {
      await until(tick[0]?.at ?? 0);
      const all = Promise.all(tick.map(send));
      responses.push(all);
      await Promise.race([all, sleep(WAITING_MS)]);
    }
    const last = batches.at(-1)?.at ?? 0;
    await until(last + TICK_MS);
    followers?.close();
    await until(last + CLOSED_AFTER_MS);
    const { SESSION = 0, ...bytes } = storedBytes(worker);
    const counts = await until(last + DELETED_AFTER_MS);
    if (counts.parts.SESSION) followers?.addTo(counts.parts.SESSION);
    if (followers) console.log("\nPages that follow:", followers.totals());
    const cpuMs = (await worker.cpuMs()) - before;
    return { ...counts, cpuMs, bytes: { ...bytes, SESSION: SESSION * STORED } };
  } finally {
    await pool.close();
    await worker.remove();
  }
};
