import { defaultFeatures } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import { sinkRecordOf } from "../../../packages/collector/src/egress/sink-records.ts";
import type { Env } from "../../../packages/collector/src/env.ts";
import { clickhouse, postgres } from "../../../packages/collector/src/sinks/index.ts";
import type { Sink } from "../../../packages/collector/src/sinks/sink.ts";

interface AttemptRequest {
  target: "clickhouse" | "postgres";
  settings: never;
  cut: { id: string; records: LogRecord[]; pending?: number[] };
  /** Time of the attempt, in milliseconds. */
  timeMs: number;
}

/** Makes an attempt with a sink, and responds with the outcomes. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "POST") return new Response("ok");
    const { target, settings, cut, timeMs } = await request.json<AttemptRequest>();
    const to = target === "clickhouse" ? clickhouse(settings) : postgres(settings);
    const sink = (await to.create({ sink: "tables", features: defaultFeatures })) as Sink;
    const context = { env, signal: AbortSignal.timeout(timeMs), site: "shop", partition: 0 };
    const records = cut.records.map(sinkRecordOf);
    const pending = cut.pending ?? [...records.keys()];
    const sent = { id: cut.id, at: Date.now(), records, pending };
    return Response.json((await sink.attempt(sent, undefined, context)).outcomes);
  },
};
