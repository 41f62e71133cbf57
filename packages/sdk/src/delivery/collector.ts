import type { FeatureValue } from "@tidemark/schema";
import type { QueuedBatch } from "../events/queued-batch.ts";
import { toJson } from "../json.ts";
import { Error, fetch, fetchLater } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { bounded, RESTORED } from "./bounded.ts";
import { bytesOf } from "./bytes.ts";
import { type Compress, createCompression } from "./compression.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

/**
 * The SDK's share of the 64 KiB that the Fetch standard allows all scripts of a page for bodies in flight with
 * keepalive.
 */
const KEEPALIVE_BYTES = 60 * 1024;

/** Total bytes of this page's bodies in flight. */
let bytesInFlight = 0;

/** Whether the quota allows another request that survives the page. */
export const hasKeepaliveQuota = (): boolean => bytesInFlight < KEEPALIVE_BYTES;

/** Client of the collector's HTTP interface. */
export interface Collector {
  /**
   * Posts a batch, with keepalive while the quota allows. The request has no content type, so that it needs no
   * preflight.
   *
   * @param isCancelled Whether the batch must not be sent any more, read just before it is sent.
   * @throws Error when the batch cannot be encoded, or {@link RESTORED}.
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
  /** Sends the cookie no more: another page has asked the collector to expire it. */
  omitCookie(): void;
}

/**
 * Creates the client of one site's collector.
 *
 * @param url Base URL of the collector's routes, with a `/` at its end.
 * @param hasCookie Whether the collector keeps the visitor's `anonymous_id` in a cookie.
 * @param secretOf Returns the secret of a session, if this page knows it.
 */
export const createCollector = (
  key: string,
  url: string,
  hasCookie: boolean | undefined,
  compress: boolean | Compress | undefined,
  secretOf: (sessionId: string | undefined) => string | undefined,
): Collector => {
  const compressBody = createCompression(compress);
  let credentials: RequestCredentials = hasCookie ? "include" : "omit";
  /** The fields that the collector has rejected: an older one does not know them. */
  let omitted = {};
  // The events are last: the collector can then read the origin of a batch without parsing them. The secret is in no
  // stored batch, and in no event of the tracker.
  const bodyOf = (batch: QueuedBatch) =>
    bytesOf(
      toJson({
        ...{ key, sent_at: now(), session_secret: secretOf(batch.session_id), sdk_report: undefined },
        ...batch,
        ...omitted,
      }),
    );

  const omitCookie = () => {
    credentials = "omit";
  };

  const readFeatures: Collector["readFeatures"] = async (sessionId) => {
    try {
      const { error, features } = await bounded(async (signal) => {
        const route = `${url}features/session/${sessionId}`;
        const body = toJson({ key, session_secret: secretOf(sessionId) });
        let response = await fetch(route, { method: "POST", body, signal });
        // An older collector reads by the id alone.
        if (response.status === 405) response = await fetch(`${route}?key=${key}`, { signal });
        return response.json();
      });
      if (!features) throw new Error(error?.message ?? "the response has no features");
      return features;
    } catch (error) {
      if (error === RESTORED) return readFeatures(sessionId);
      throw error;
    }
  };

  const post: Collector["post"] = async (batch, isCancelled) => {
    let body = bodyOf(batch);
    let bytes = 0;
    try {
      return await bounded(async (signal) => {
        const compressed = compressBody(body);
        if (compressed) body = await compressed;
        if (signal.aborted || isCancelled()) throw new Error("cancelled");
        bytes = body.length;
        bytesInFlight += bytes;
        const response = await fetch(`${url}events`, {
          method: "POST",
          body,
          keepalive: bytesInFlight <= KEEPALIVE_BYTES,
          credentials,
          signal,
        });
        return outcomeOf(response, await response.text());
      });
    } catch (error) {
      if (error === RESTORED) throw error;
      return { status: 0, problem: `${error}`, retryAfterMs: 0, isForeign: false };
    } finally {
      bytesInFlight -= bytes;
    }
  };

  const postKnown: Collector["post"] = async (batch, isCancelled) => {
    const without = omitted;
    const outcome = await post(batch, isCancelled);
    const [field] = /^(session_secret|user_token|tra\w+|sdk_report)/.exec(`${outcome.error?.message}`) ?? [];
    if (!field || field in without) return outcome;
    omitted = { ...omitted, [field]: undefined };
    return postKnown(batch, isCancelled);
  };

  return {
    post: postKnown,
    postLater(batch) {
      try {
        fetchLater(`${url}events`, {
          method: "POST",
          body: bodyOf(batch),
          credentials,
        });
        return true;
      } catch {
        return false;
      }
    },
    readFeatures,
    omitCookie,
    forgetCookie() {
      omitCookie();
      if (hasCookie)
        fetch(`${url}forget?key=${key}`, { method: "POST", credentials: "include", keepalive: true }).catch(() => {});
    },
  };
};
