import type { SessionVectorResponse } from "@tidemark/schema";
import { Pool } from "undici";
import { fuzz as fuzzCollector } from "../../packages/collector/test/http/fuzz.ts";
import { startWorkerd } from "../../tests/workerd/workerd.ts";
import { CONNECTIONS } from "../collector/load.ts";
import { site } from "../collector/traffic.ts";
import { type Bench, report } from "../report.ts";

const WORKER = new URL("../../tests/workerd/workers/unlogged.ts", import.meta.url);

const BODIES = 200_000;

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
  const headers = { authorization: `Bearer ${worker.readKey}` };
  let sessions = 0;
  const newSession = () => {
    sessions += 1;
    return `${site.id}.${`${sessions}`.padStart(12, "0")}`;
  };
  const send = async (body: Uint8Array) => {
    const { statusCode, body: response } = await pool.request({ path: "/v1/events", method: "POST", body });
    return { status: statusCode, text: await response.text() };
  };
  const receivedIn = async (session_id: string) => {
    const { body } = await pool.request({ path: `/v1/features/session/${session_id}`, method: "GET", headers });
    return ((await body.json()) as SessionVectorResponse).delivery.received;
  };
  const target = { key: site.key, newSession, post: send, receivedIn };
  const { problems, checked, slowest } = await fuzzCollector(target, BODIES).finally(async () => {
    await pool.close();
    await worker.remove();
  });
  for (const problem of problems.slice(0, PRINTED)) console.error(problem);
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
