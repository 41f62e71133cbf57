import type { BatchResponse, FeatureValue } from "@tidemark/schema";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { now } from "../sensors/clock.ts";
import { isVisible } from "../sensors/page-state.ts";
import { bytesOf } from "./bytes.ts";
import type { Compress } from "./gzip.ts";

/** The outcome of a request. */
interface Outcome {
  /** Why the request failed, in words; absent when it did not. */
  problem?: string;
  /** The shortest wait before another attempt, in milliseconds; absent when no other attempt is worth it. */
  retryAfterMs?: number | undefined;
  response?: BatchResponse;
}

/** Bodies in flight with keepalive share 64 KiB in the Fetch standard, with all scripts of the page. We take no more than this. */
const KEEPALIVE_BYTES = 60 * 1024;

/** An answer that takes longer is not awaited, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** Statuses that pass with time: timeout, too early, too many requests, and whatever befell the server. */
const passes = (status: number): boolean => /^5|408|425|429/.test(status as unknown as string);

/** `Retry-After` in milliseconds, given in seconds or as a date, which may have passed; 0 when absent. */
const retryAfter = (value: string | null): number =>
  Number(value) * 1000 || Date.parse(value as string) - Date.now() || 0;

/** Bytes of this page's bodies in flight. */
let bytesInFlight = 0;

/** Whether a body may be sent that outlives the page. */
export const hasKeepaliveQuota = (): boolean => bytesInFlight < KEEPALIVE_BYTES;

/** The requests to the collector. */
export interface Collector {
  /**
   * Posts a batch so that it survives the page while the quota allows. The body names no type, so that no preflight precedes
   * it. Compression takes time, and a hidden page may have none: its bodies go as they are.
   */
  post(batch: QueuedBatch): Promise<Outcome>;
  /**
   * Leaves a batch to the browser, where it has `fetchLater`: it is sent when the page is gone, beside the quota of what is in
   * flight. The answer is lost.
   *
   * @returns Whether the browser took it: it has no room for much more than 60 KiB.
   */
  postLater(batch: QueuedBatch): boolean;
  /** Reads the features of a session. @throws Error when the collector cannot be reached, or answers with an error. */
  readFeatures(sessionId: string | undefined): Promise<Record<string, FeatureValue>>;
  /** Has the collector's cookie expire. No later request of this page brings or takes one, whichever comes first. */
  forgetCookie(): void;
}

/**
 * Creates the requests of a site's pages.
 *
 * @param hasCookie Whether the collector is to keep the visitor's `anonymous_id` in a cookie.
 */
export const createCollector = (
  key: string,
  endpoint: string,
  hasCookie: boolean | undefined,
  compress: Compress | undefined,
): Collector => {
  const url = `${endpoint}`.replace(/\/?$/, "/v1/");
  let credentials: RequestCredentials = hasCookie ? "include" : "omit";
  // The events are last: the collector then reads whose they are without reading them.
  const bodyOf = (batch: QueuedBatch) => bytesOf(JSON.stringify({ key, sent_at: now(), ...batch }));

  return {
    async post(batch) {
      let body = bodyOf(batch);
      if (compress && isVisible()) body = await compress(body);
      bytesInFlight += body.length;
      try {
        const response = await fetch(`${url}events`, {
          method: "POST",
          body,
          keepalive: bytesInFlight <= KEEPALIVE_BYTES,
          credentials,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (response.ok) return { response: await response.json() };
        return {
          problem: `${response.status} ${await response.text()}`,
          retryAfterMs: passes(response.status) ? retryAfter(response.headers.get("retry-after")) : undefined,
        };
      } catch (error) {
        return { problem: `${error}`, retryAfterMs: 0 };
      } finally {
        bytesInFlight -= body.length;
      }
    },
    postLater(batch) {
      try {
        (window as unknown as { fetchLater: typeof fetch }).fetchLater(`${url}events`, {
          method: "POST",
          body: bodyOf(batch),
          credentials,
        });
        return true;
      } catch {
        return false;
      }
    },
    async readFeatures(sessionId) {
      const response = await fetch(`${url}features/session/${sessionId}?key=${key}`);
      const { error, features } = await response.json();
      if (error) throw new Error(error.message);
      return features;
    },
    forgetCookie() {
      if (hasCookie)
        fetch(`${url}forget?key=${key}`, { method: "POST", credentials: "include", keepalive: true }).catch(() => {});
      credentials = "omit";
    },
  };
};
