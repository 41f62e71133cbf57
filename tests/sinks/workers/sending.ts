import type { SinkTarget } from "../../../packages/collector/src/define-sink.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { kinesis, s3 } from "../../../packages/collector/src/sinks/index.ts";
import type { Cut, Sink } from "../../../packages/collector/src/sinks/sink.ts";
import { cutOf, eventRecord } from "../../../packages/collector/test/sinks/kafka/records.ts";
import type { Sending, Sent } from "../sending.ts";

const TARGETS = { kinesis, s3 } satisfies Record<Sending["to"], (settings: never) => SinkTarget>;

/** Time between two attempts, in milliseconds: a hundredth of that of the egress. */
const BACKOFF_MS = 50;

const send = async ({ to, settings, id, events, attempts }: Sending, env: Env): Promise<Sent> => {
  const sink = (await TARGETS[to](settings as never).create({ sink: to, features: [] })) as Sink;
  const records = events.map(({ session, seq, text = "" }) => eventRecord(session, seq, { properties: { text } }));
  const cut: Cut = cutOf(records, id);
  const sent: Sent = { attempts: 0, pending: records.length, refused: [], reasons: [] };
  let { pending } = cut;
  while (pending.length > 0 && sent.attempts < attempts) {
    if (sent.attempts > 0) await scheduler.wait(BACKOFF_MS);
    const context = { env, signal: AbortSignal.timeout(5_000), site: "shop", partition: 0 };
    const { outcomes } = await sink.attempt({ ...cut, pending }, undefined, context);
    sent.attempts += 1;
    const retried: number[] = [];
    for (const [place, index] of pending.entries()) {
      const outcome = outcomes[place];
      if (outcome?.type === "refused") sent.refused.push(`${records[index]?.id}: ${outcome.reason}`);
      if (outcome?.type !== "retry") continue;
      retried.push(index);
      if (!sent.reasons.includes(outcome.reason)) sent.reasons.push(outcome.reason);
    }
    pending = retried;
  }
  return { ...sent, pending: pending.length };
};

/** Sends the cut in the body of a request. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "POST") return new Response("ok");
    return Response.json(await send(await request.json<Sending>(), env));
  },
};
