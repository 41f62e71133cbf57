import type { BatchAnswer } from "@tidemark/schema";

/**
 * What became of a request: why it failed, in words; the milliseconds to wait at least before another try, where one is worth
 * it; and its answer.
 */
export type Outcome = [reason: string, afterMs: number | false, answer?: BatchAnswer];

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
let underWay = 0;

/** Whether a body may be sent that outlives the page. */
export const hasRoom = (): boolean => underWay < KEEPALIVE_BYTES;

/**
 * Leaves a batch to the browser, where it has `fetchLater`: it is sent when the page is gone, beside the quota of what is in flight.
 * Nobody hears of the answer.
 *
 * @returns Whether the browser took it: it has no room for much more than 60 KiB.
 */
export const postLater = (url: string, body: Uint8Array<ArrayBuffer>, credentials: RequestCredentials): boolean => {
  try {
    (window as unknown as { fetchLater: typeof fetch }).fetchLater(url, { method: "POST", body, credentials });
    return true;
  } catch {
    return false;
  }
};

/**
 * Posts a batch so that it survives the page while the quota allows. The body names no type, so that no preflight stands
 * before it.
 */
export const post = async (
  url: string,
  body: Uint8Array<ArrayBuffer>,
  credentials: RequestCredentials,
): Promise<Outcome> => {
  const { length } = body;
  underWay += length;
  const keepalive = underWay <= KEEPALIVE_BYTES;
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      keepalive,
      credentials,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return ["", false, await response.json()];
    return [
      `${response.status} ${await response.text()}`,
      passes(response.status) && retryAfter(response.headers.get("retry-after")),
    ];
  } catch (error) {
    return [`${error}`, 0];
  } finally {
    underWay -= length;
  }
};
