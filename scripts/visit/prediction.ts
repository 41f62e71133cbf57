import type { LocalStack } from "@tidemark/cli/local-stack";
import type { BatchResponse, SessionVectorResponse } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { readVector } from "./scripted-visit.ts";

/** A prediction about the session of the visit. */
export interface VisitPrediction {
  /** Name of the model. */
  model: string;
  value: number;
  /** Median time from the acknowledgement of a batch until the prediction that includes its events, in milliseconds. */
  ms: number;
}

/** Number of batches whose predictions are timed. */
const PROBES = 20;

/** Longest wait for a prediction, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Sends page views to a new session, one by one, and returns the time from each acknowledgement to the next prediction. */
const probe = async (stack: LocalStack, key: string, model: string): Promise<number[]> => {
  const session_id = `demo.${crypto.randomUUID()}`;
  const session_secret = crypto.randomUUID();
  const waits: number[] = [];
  let latest: number | undefined;
  for (let seq = 0; seq < PROBES; seq += 1) {
    const [now, view_id] = [Date.now(), crypto.randomUUID()];
    const response = await fetch(`${stack.collector.origin}/v1/events`, {
      method: "POST",
      body: JSON.stringify({
        ...{ v: CONTRACT_VERSION, key, sent_at: now, session_id, session_secret, sdk: "prediction-probe/1" },
        ...{ anonymous_id: "prediction", tab_id: "prediction" },
        views: [{ view_id, started_at: now, url: `https://demo.example/${seq}`, path: `/${seq}` }],
        events: [{ type: "page_view", seq, time: now, view_id, cause: "load" }],
      }),
    });
    const acknowledged = performance.now();
    const { accepted, predictions } = (await response.json()) as BatchResponse;
    if (accepted !== 1)
      throw new Error(`page view ${seq}: expected the collector to accept it; given ${accepted} accepted`);
    // Each page view changes the model's input, and so the prediction. A model on a server predicts after the response.
    let value = predictions?.[model]?.value;
    while (value === undefined || value === latest) {
      if (performance.now() - acknowledged > TIMEOUT_MS)
        throw new Error(`page view ${seq}: expected another prediction of ${model} within ${TIMEOUT_MS} ms`);
      value = (await readVector(stack, session_id)).predictions?.[model]?.value;
    }
    waits.push(performance.now() - acknowledged);
    latest = value;
  }
  return waits;
};

/**
 * The prediction about the session of a visit, with the time that such predictions take; `undefined` for a site without a
 * model that runs on change.
 *
 * @param predictions Those in the session's vector.
 */
export const measurePrediction = async (
  stack: LocalStack,
  key: string,
  predictions: SessionVectorResponse["predictions"],
): Promise<VisitPrediction | undefined> => {
  const [first] = Object.entries(predictions ?? {});
  if (!first) return undefined;
  const [model, { value }] = first;
  const waits = (await probe(stack, key, model)).sort((a, b) => a - b);
  return { model, value, ms: Math.round((waits[PROBES / 2] ?? 0) * 100) / 100 };
};
