import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { type Env, sessionOf } from "../../src/env.ts";
import { meter } from "../../src/metrics/isolate-meter.ts";
import { BATCH_VERSION, type BatchResult, type SessionBatch } from "../../src/session/batch.ts";
import { batch, custom } from "../workers/client.ts";
import { tenant } from "../workers/worker.ts";

const bindings = env as unknown as Env;

afterEach(() => {
  vi.restoreAllMocks();
});

it("the response to a batch carries the counts of the session's isolate, which the Worker adds to its own", async () => {
  const { events, ...envelope } = batch([custom(0)]);
  const sent: SessionBatch = {
    ...{ version: BATCH_VERSION, site: "shop", anonymous_id: "anonymous1", received_at: Date.now() },
    ...{ envelope: JSON.stringify(envelope), events: JSON.stringify(events) },
  };
  const counts = { 'tidemark_wait_seconds_count{on="push",outcome="ok"}': 3 };
  vi.spyOn(meter, "take").mockReturnValueOnce(counts).mockReturnValue(undefined);
  const send = async () =>
    (await sessionOf(bindings, tenant("shop"), envelope.session_id).ingest(sent)) as unknown as BatchResult;
  expect((await send()).measured).toEqual(counts);
  expect((await send()).measured).toBeUndefined();
});
