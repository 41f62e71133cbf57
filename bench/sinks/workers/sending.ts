import {
  bigquery,
  clickhouse,
  kafka,
  kafkaRest,
  kinesis,
  postgres,
  s3,
  snowpipe,
  webhookSink,
} from "@tidemark/collector/sinks";
import { defaultFeatures } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import type { SinkTarget } from "../../../packages/collector/src/define-sink.ts";
import { sinkRecordOf } from "../../../packages/collector/src/egress/sink-records.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { kafkaRecordOf } from "../../../packages/collector/src/sinks/kafka/kafka-record.ts";
import type { Cut, Sink, SinkRecord } from "../../../packages/collector/src/sinks/sink.ts";

const TARGETS = { bigquery, clickhouse, kafka, kafkaRest, kinesis, postgres, s3, snowpipe, webhookSink };

/** Time of an attempt, in milliseconds. */
const ATTEMPT_MS = 30_000;

/** Cuts to send. Each has all records. */
interface Sending {
  to: keyof typeof TARGETS;
  settings: object;
  cuts: number;
}

let records: SinkRecord[] = [];

/** Sends a cut until each record is delivered. @throws Error if one is not. */
const deliver = async (sink: Sink, cut: Cut, env: Env, before: unknown): Promise<unknown> => {
  const context = { env, signal: AbortSignal.timeout(ATTEMPT_MS), site: "shop", partition: 0 };
  let state = (await sink.plan?.(cut, before, context)) ?? before;
  for (;;) {
    const attempt = await sink.attempt(cut, state, context);
    state = attempt.state ?? state;
    const failed = attempt.outcomes.find(({ type }) => type !== "delivered");
    if (!failed) return state;
    // The first attempt of some sinks only commits a state.
    if (failed.type !== "retry" || failed.afterMs !== 0) throw new Error(JSON.stringify(failed));
  }
};

const send = async ({ to, settings, cuts }: Sending, env: Env): Promise<void> => {
  const target = (TARGETS[to] as (settings: object) => SinkTarget)(settings);
  const sink = (await target.create({ sink: "events", features: defaultFeatures })) as Sink;
  const bytes = JSON.stringify(records).length;
  if (sink.limits.records < records.length || sink.limits.bytes < bytes)
    throw new Error(`${records.length} records of ${bytes} bytes are more than a cut of ${to} has`);
  const pending = [...records.keys()];
  let state: unknown;
  for (let number = 0; number < cuts; number += 1) {
    const id = `shop/0/${number}-${crypto.randomUUID()}`;
    state = await deliver(sink, { id, at: Date.now(), records, pending }, env, state);
  }
};

/** Takes the records of all cuts, and sends cuts by a sink. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/records") records = (await request.json<LogRecord[]>()).map(sinkRecordOf);
    if (pathname === "/kafka-records") return Response.json(records.map((record) => kafkaRecordOf(record, "session")));
    if (pathname === "/send") await send(await request.json(), env);
    return new Response("ok");
  },
};
