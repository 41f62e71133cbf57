import { defaultFeatures } from "@tidemark/schema";
import type { Env } from "../../../packages/collector/src/env.ts";
import { clickhouse, postgres } from "../../../packages/collector/src/sinks/index.ts";
import type { Cut, Sink } from "../../../packages/collector/src/sinks/sink.ts";

/** An attempt with a sink. */
export interface AttemptRequest {
  target: "clickhouse" | "postgres";
  settings: never;
  cut: Cut;
  /** Time of the attempt, in milliseconds. */
  timeMs: number;
}

/** Makes the attempt of a request, and responds with the outcomes. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== "POST") return new Response("ok");
    const { target, settings, cut, timeMs } = await request.json<AttemptRequest>();
    const to = target === "clickhouse" ? clickhouse(settings) : postgres(settings);
    const sink = (await to.create(defaultFeatures)) as Sink;
    const context = { env, signal: AbortSignal.timeout(timeMs), site: "shop", partition: 0 };
    return Response.json((await sink.attempt(cut, undefined, context)).outcomes);
  },
};
