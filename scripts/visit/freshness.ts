import type { BatchResponse } from "@tidemark/schema";
import { type FeatureReader, readVector } from "./scripted-visit.ts";

/** Percentiles of the time from an acknowledgement until a read includes the event, in milliseconds. */
export interface Freshness {
  p50: number;
  p99: number;
}

/**
 * Measures freshness: sends events one by one to a new session, and reads its vector until it includes each event.
 *
 * @param probes Number of events. Default: 100.
 */
export const measureFreshness = async (stack: FeatureReader, key: string, probes = 100): Promise<Freshness> => {
  const session = `demo.${crypto.randomUUID()}`;
  const waits: number[] = [];
  for (let seq = 0; seq < probes; seq += 1) {
    const now = Date.now();
    const response = await fetch(`${stack.collector.origin}/v1/events`, {
      method: "POST",
      body: JSON.stringify({
        v: 1,
        key,
        sent_at: now,
        session_id: session,
        anonymous_id: "freshness",
        tab_id: "freshness",
        sdk: "freshness-probe/1",
        views: [],
        events: [{ type: "custom", seq, time: now, name: "probe" }],
      }),
    });
    const { accepted } = (await response.json()) as BatchResponse;
    if (accepted !== 1)
      throw new Error(`event ${seq}: expected the collector to accept it; given ${accepted} accepted`);
    const acknowledged = performance.now();
    while ((await readVector(stack, session)).delivery.received <= seq);
    waits.push(performance.now() - acknowledged);
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) => Math.round((waits[Math.ceil(share * probes) - 1] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99) };
};
