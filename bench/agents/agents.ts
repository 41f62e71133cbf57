import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "@tidemark/schema";
import { Pool } from "undici";
import { startWorkerd } from "../../tests/workerd/workerd.ts";
import { CONNECTIONS, post } from "../collector/load.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { BATCHES, makeBodies, measureIdleBare, SESSIONS } from "../serving/ingest.ts";
import { type Latencies, type Read, readFor, send } from "../serving/read-load.ts";
import { quantile } from "../spread.ts";

const WORKER = new URL("../../worker.ts", import.meta.url);

/** Budget of the 99th percentile, in milliseconds. */
const BUDGET_MS = 20;

/** Time of the calls, and time from one to the next, in milliseconds. */
const LOAD = { forMs: 30_000, everyMs: 10 };

const contextOf = (id: string, format: string): Read => ({
  name: `context as ${format}`,
  path: `/v1/context/session/${id}?format=${format}&set=purchase_intent`,
});

/** A call of a tool. */
const callOf = (name: string, given: object): Read => ({
  name: `tool ${name}`,
  path: "/mcp",
  body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } },
});

/** The reads of a context in both forms, and a call of each tool, of another session in each round. */
const readsOf = (sessions: readonly string[], round: number): Read[] => {
  const session = { entity: "session", id: sessions[round % sessions.length] ?? "" };
  return [
    contextOf(session.id, "text"),
    contextOf(session.id, "json"),
    callOf("list_feature_sets", {}),
    callOf("get_features", { ...session, set: "purchase_intent" }),
    callOf("list_entities", { entity: "session" }),
    callOf("get_context", { ...session, set: "purchase_intent" }),
    callOf("list_models", {}),
    callOf("predict", { ...session, model: "purchase" }),
    callOf("explain_feature", { name: "engagement_score" }),
  ];
};

/** The latencies of the reads by name, and that of the first call of a tool in the process, in milliseconds. */
const measure = async (): Promise<{ latencies: Latencies; firstMs: number }> => {
  const worker = await startWorkerd(WORKER);
  const pool = new Pool(worker.origin, { connections: CONNECTIONS, pipelining: 1 });
  try {
    const bodies = makeBodies().first.slice(0, BATCHES);
    await post(worker.origin, bodies, { uncounted: 0 });
    const sessions = bodies.slice(0, SESSIONS).map((body) => (JSON.parse(body.toString()) as Batch).session_id);
    await sleep(2_000);
    const key = worker.readKey;
    const startedAt = performance.now();
    await send(pool, callOf("list_feature_sets", {}), key);
    const firstMs = performance.now() - startedAt;
    for (const read of Array.from({ length: 50 }, (_, round) => readsOf(sessions, round)).flat()) {
      const response = (await send(pool, read, key)) as { result?: { isError?: true } };
      if (response.result?.isError) throw new Error(`${read.name}: ${JSON.stringify(response.result)}`);
    }
    return { latencies: await readFor(pool, { readsOf: (round) => readsOf(sessions, round), ...LOAD, key }), firstMs };
  } finally {
    await pool.close();
    await worker.remove();
  }
};

const rounded = (value: number): number => Math.round(value * 10) / 10;

/**
 * Measures reads of contexts and calls of tools for agents on bare workerd, with the deployment's own configuration and
 * without ingest. The reference is a batch of one row in the least Worker that is durable.
 */
export const agents: Bench = async () => {
  const bare = await measureIdleBare();
  const { latencies, firstMs } = await measure();
  const rows = Object.entries(latencies).map(([name, each]) => {
    const [p50, p99] = [0.5, 0.99].map((share) => rounded(quantile(each, share)));
    return [name, { calls: each.length, p50, p99 }];
  });
  console.log("\nLatencies in ms, without ingest:");
  console.table(Object.fromEntries(rows));
  console.log(`The first call of a process also starts the modules of the protocol: ${rounded(firstMs)} ms.`);
  const measurements = ["context", "tool"].map((kind): Measurement => {
    const all = Object.entries(latencies).flatMap(([name, each]) => (name.startsWith(kind) ? each : []));
    return {
      case: `${kind === "tool" ? "/mcp, all tools" : "/v1/context"}, p99; reference: a batch of one row`,
      ...{ value: rounded(quantile(all, 0.99)), unit: "ms" },
      ...{ reference: rounded(quantile(bare, 0.99)), budget: BUDGET_MS },
    };
  });
  return report("agents", measurements);
};
