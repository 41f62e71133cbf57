import type { BatchResponse, FeatureValue } from "@tidemark/schema";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { now } from "../sensors/clock.ts";
import { isVisible } from "../sensors/page-state.ts";
import { bytesOf } from "./bytes.ts";
import type { Compress } from "./gzip.ts";

/** The outcome of a request. */
interface Outcome {
  /** Error text; absent when the request succeeded. */
  problem?: string;
  /** Shortest wait before a retry, in milliseconds; absent when a retry is pointless. */
  retryAfterMs?: number | undefined;
  response?: BatchResponse;
}

/**
 * The SDK's share of the 64 KiB that the Fetch standard allows all scripts of a page for bodies in flight with
 * keepalive.
 */
const KEEPALIVE_BYTES = 60 * 1024;

/** Time limit of a request, in milliseconds. */
const TIMEOUT_MS = 15_000;

/**
 * Whether a status is worth a retry: not found (the endpoint's path is wrong, not the batch), timeout, too early, too many requests, and
 * server errors.
 */
const isTransient = (status: number): boolean => /^5|404|408|425|429/.test(status as unknown as string);

/** Parses `Retry-After`, in seconds or as a date, to milliseconds: 0 when absent, negative for a date in the past. */
const parseRetryAfter = (value: string | null): number =>
  Number(value) * 1000 || Date.parse(value as string) - Date.now() || 0;

/** Total bytes of this page's bodies in flight. */
let bytesInFlight = 0;

/** Whether the quota allows another request that survives the page. */
export const hasKeepaliveQuota = (): boolean => bytesInFlight < KEEPALIVE_BYTES;

/** Client of the collector's HTTP interface. */
export interface Collector {
  /**
   * Posts a batch, with keepalive while the quota allows. The request has no content type, so that it needs no
   * preflight. Only a visible page compresses: a hidden one may be gone before compression ends.
   *
   * @param isCancelled Whether the batch must not be sent any more, read just before it is sent.
   */
  post(batch: QueuedBatch, isCancelled: () => boolean): Promise<Outcome>;
  /**
   * Schedules a batch with `fetchLater`, where the browser has it: the browser sends it once the page is gone. Its
   * quota is separate from that of the requests in flight. The response is lost.
   *
   * @returns Whether the browser accepted it. The quota is not much more than 60 KiB.
   */
  postLater(batch: QueuedBatch): boolean;
  /** Reads the features of a session. @throws Error when the collector is unreachable or responds with an error. */
  readFeatures(sessionId: string | undefined): Promise<Record<string, FeatureValue>>;
  /**
   * Expires the collector's cookie. Later requests of this page neither send nor accept one, whatever their order of
   * arrival.
   */
  forgetCookie(): void;
}

/**
 * Creates the client of one site's collector.
 *
 * @param url Base URL of the collector's routes, with a `/` at its end.
 * @param hasCookie Whether the collector keeps the visitor's `anonymous_id` in a cookie.
 */
export const createCollector = (
  key: string,
  url: string,
  hasCookie: boolean | undefined,
  compress: Compress | undefined,
): Collector => {
  let credentials: RequestCredentials = hasCookie ? "include" : "omit";
  // The events are last: the collector can then read the origin of a batch without parsing them.
  const bodyOf = (batch: QueuedBatch) => bytesOf(JSON.stringify({ key, sent_at: now(), ...batch }));

  return {
    async post(batch, isCancelled) {
      let body = bodyOf(batch);
      if (compress && isVisible()) body = await compress(body);
      if (isCancelled()) return {};
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
          retryAfterMs: isTransient(response.status) ? parseRetryAfter(response.headers.get("retry-after")) : undefined,
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
      credentials = "omit";
      if (hasCookie)
        fetch(`${url}forget?key=${key}`, { method: "POST", credentials: "include", keepalive: true }).catch(() => {});
    },
  };
};
