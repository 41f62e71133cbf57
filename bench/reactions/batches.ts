import { Pool } from "undici";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { makeTraffic } from "../collector/traffic.ts";
import type { Measurement } from "../report.ts";
import { quantile } from "../spread.ts";

const WORKERS = {
  without: new URL("./workers/without.ts", import.meta.url),
  withEight: new URL("./workers/with-eight.ts", import.meta.url),
};
type Name = keyof typeof WORKERS;

/** Batches that are sent first, and not measured. */
const WARM_UP = 400;

/** Measured batches. */
const BATCHES = 2_000;

const EVENTS = 20;
const SESSIONS = 100;

/** Largest time that reactions may add to a batch which concerns none of them, in milliseconds. */
const BUDGET_MS = 1;

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Marks a batch as one of a page that takes reactions. */
const takingReactions = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), reactions_received: [] }));

/** A Worker with its figures. */
interface Measured {
  worker: Workerd;
  pool: Pool;
  /** Times from a request to its response, in milliseconds. */
  latencies: number[];
}

const send = async ({ worker, pool, latencies }: Measured, body: Buffer): Promise<void> => {
  const sent = performance.now();
  const response = await pool.request({ path: "/v1/events", method: "POST", body });
  const text = await response.body.text();
  latencies.push(performance.now() - sent);
  if (response.statusCode !== 200 || !text.startsWith(`{"accepted":${EVENTS},`) || text.includes('"reactions":'))
    throw new Error(`${worker.origin} responded with ${response.statusCode} ${text}`);
};

/**
 * Measures the time that eight reactions add to a batch which fulfils none of their conditions, on bare workerd. Each batch
 * goes to both Workers, one after the other and in changing order, so that a temporary load of the machine affects both.
 */
export const measureBatches = async (): Promise<Measurement[]> => {
  const measured = new Map<Name, Measured>();
  const at = (name: Name) => measured.get(name) as Measured;
  const names = Object.keys(WORKERS) as Name[];
  try {
    for (const name of names) {
      const worker = await startWorkerd(WORKERS[name]);
      const pool = new Pool(worker.origin, { connections: 1, pipelining: 1 });
      measured.set(name, { worker, pool, latencies: [] });
    }
    const bodies = makeTraffic({ events: EVENTS, batches: WARM_UP + BATCHES, sessions: SESSIONS }).map(takingReactions);
    const sendAll = async (some: readonly Buffer[]) => {
      for (const [index, body] of some.entries())
        for (const name of index % 2 ? names : names.toReversed()) await send(at(name), body);
    };
    await sendAll(bodies.slice(0, WARM_UP));
    for (const each of measured.values()) each.latencies = [];
    const cpuOf = (name: Name) => at(name).worker.cpuMs();
    const before = { without: await cpuOf("without"), withEight: await cpuOf("withEight") };
    await sendAll(bodies.slice(WARM_UP));
    const cpu = async (name: Name) => ((await cpuOf(name)) - before[name]) / BATCHES;
    const added = (title: string, reference: number, value: number): Measurement => ({
      case: `${title}: added by 8 reactions that do not fire`,
      ...{ value: rounded(value - reference), unit: "ms", reference: rounded(reference), budget: BUDGET_MS },
    });
    const p50 = (name: Name) => quantile(at(name).latencies, 0.5);
    return [
      added("response to a batch of 20 events, p50", p50("without"), p50("withEight")),
      added("processor time of a batch of 20 events", await cpu("without"), await cpu("withEight")),
    ];
  } finally {
    for (const { worker, pool } of measured.values()) {
      await pool.close();
      await worker.remove();
    }
  }
};
