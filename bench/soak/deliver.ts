import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, BatchResponse } from "@tidemark/schema";

/** A collector that is killed now and then. */
export interface Target {
  origin: string;
  /** Resolves when the collector runs. Rejects if it has ended by itself. */
  isUp(): Promise<void>;
}

/** Longest time after which a request is abandoned, in milliseconds. */
const ABANDON_MS = 20;

/** Time until a batch that the collector could not store is sent again, in milliseconds. */
const RETRY_MS = 50;

/** Posts a body; `undefined` when no response arrived. */
const post = ({ origin }: Target, body: string, signal?: AbortSignal): Promise<Response | undefined> =>
  fetch(`${origin}/v1/events`, { method: "POST", body, ...(signal && { signal }) }).catch(() => undefined);

/** Faults of a network, by their share of the requests. Each ends with a request whose response counts. */
const faults: { share: number; begin(target: Target, body: string): Promise<unknown> }[] = [
  {
    share: 0.03,
    async begin(target, body) {
      const response = await post(target, body.slice(0, Math.floor(Math.random() * body.length)));
      if (response && response.status !== 400) throw new Error(`a cut body: ${response.status}`);
      await response?.text();
    },
  },
  {
    share: 0.03,
    begin: (target, body) => post(target, body, AbortSignal.timeout(Math.floor(Math.random() * ABANDON_MS))),
  },
  { share: 0.03, begin: async (target, body) => void post(target, body).then((response) => response?.text()) },
];

const beginFault = async (target: Target, body: string): Promise<void> => {
  let dice = Math.random();
  for (const { share, begin } of faults) {
    if (dice < share) await begin(target, body);
    dice -= share;
  }
};

/**
 * Sends a batch until it is acknowledged, like a tracker: after a failed request it may or may not be stored. Some
 * requests are cut, abandoned or doubled before.
 *
 * @throws Error for a response other than 200 and 503.
 */
export const deliver = async (target: Target, batch: Batch): Promise<BatchResponse> => {
  const body = JSON.stringify(batch);
  for (;;) {
    await target.isUp();
    await beginFault(target, body);
    const response = await post(target, body);
    const text = await response?.text().catch(() => undefined);
    if (text !== undefined && response?.status === 200) return JSON.parse(text);
    if (text !== undefined && response?.status !== 503) throw new Error(`${response?.status} ${text}`);
    await sleep(RETRY_MS);
  }
};
