import { Pool } from "undici";
import { fuzzedBody, problemOf } from "../../packages/collector/test/http/fuzzed-bodies.ts";
import { CONNECTIONS } from "../collector/load.ts";
import { site } from "../collector/traffic.ts";
import { startWorkerd } from "../collector/workerd.ts";
import { type Bench, report } from "../report.ts";

const WORKER = new URL("../collector/workers/unlogged.ts", import.meta.url);

const BODIES = 200_000;

/** Number of bodies of one session, each of a separate tab. */
const IN_SESSION = 20;

/** Longest time of a response, in milliseconds. */
const SLOWEST_MS = 5_000;

/** Number of problems that are printed. */
const PRINTED = 20;

/**
 * Sends bodies that were changed at random to the Worker on bare workerd. No response may be an error of the collector,
 * take long, or reject a valid event. A printed problem has the seed of its body.
 */
export const fuzz: Bench = async () => {
  const worker = await startWorkerd(WORKER);
  const pool = new Pool(worker.origin, { connections: CONNECTIONS, bodyTimeout: 0, headersTimeout: 2 * SLOWEST_MS });
  const first = Math.floor(Math.random() * 2 ** 31);
  const problems: string[] = [];
  let [sent, slowest, checked] = [0, 0, 0];
  try {
    const connection = async (number: number) => {
      for (let count = 0; sent < BODIES; count += 1) {
        sent += 1;
        const seed = first + sent;
        const session = `${number}-${Math.floor(count / IN_SESSION)}`.padStart(12, "0");
        const sender = { key: site.key, session_id: `${site.id}.${session}`, tab_id: `tab-${count}`.padEnd(8, "-") };
        const fuzzed = fuzzedBody(seed, sender, Date.now());
        if (fuzzed.intact) checked += 1;
        const startedAt = performance.now();
        const response = await pool.request({ path: "/v1/events", method: "POST", body: fuzzed.body });
        const problem = problemOf(fuzzed, response.statusCode, await response.body.text());
        slowest = Math.max(slowest, performance.now() - startedAt);
        if (problem) problems.push(`seed ${seed} (${fuzzed.changes.join(", ")}): ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => connection(number)));
  } finally {
    await pool.close();
    await worker.remove();
  }
  for (const problem of problems.slice(0, PRINTED)) console.error(problem.slice(0, 1_000));
  return report("fuzz", [
    {
      ...{ case: "bodies with an error of the collector or a lost event", value: problems.length, unit: "bodies" },
      ...{ reference: BODIES, budget: 0 },
    },
    {
      ...{ case: "bodies with events that must be stored", value: checked, unit: "bodies", reference: BODIES },
      ...{ budget: BODIES / 4, bound: "at_least" },
    },
    { case: "slowest response", value: Math.round(slowest), unit: "ms", reference: BODIES, budget: SLOWEST_MS },
  ]);
};
