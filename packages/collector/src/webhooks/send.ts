import { secretOf } from "../access/keys.ts";
import type { WebhookSettings } from "../config.ts";
import { retryAfterOf } from "./retry.ts";
import { type Key, keyOf, SECRET_FORM, type SentMessage, signedHeaders } from "./sign.ts";

/** Time in which a receiver has to respond, in milliseconds. */
export const RESPOND_WITHIN_MS = 5_000;

/** Statuses below 500 after which a message is sent again. */
const REPEATABLE: readonly number[] = [408, 425, 429];

/** The outcome of an attempt. A reason quotes neither the address nor the response, which may contain secrets. */
export type WebhookOutcome =
  | { type: "delivered" }
  /** `afterMs`: the time that the receiver asked for, in milliseconds. */
  | { type: "retry"; reason: string; afterMs: number }
  /** `status`: the status of the response. */
  | { type: "refused"; reason: string; status: number };

const retry = (reason: string, afterMs = 0): WebhookOutcome => ({ type: "retry", reason, afterMs });

/** The keys of all secrets, or the reason for which one of them is missing. */
export const keysOf = (env: object, names: readonly string[]): Key[] | string => {
  const keys: Key[] = [];
  for (const name of names) {
    const secret = secretOf(env, name);
    if (secret === undefined) return `the secret ${name} is not set`;
    const key = keyOf(secret);
    if (!key) return `the secret ${name} is not a webhook's secret: expected ${SECRET_FORM}`;
    keys.push(key);
  }
  return keys;
};

const outcomeOf = ({ status, headers }: Response, now: number): WebhookOutcome => {
  if (status >= 200 && status < 300) return { type: "delivered" };
  const reason = `the receiver responded with status ${status}`;
  if (status < 400) return retry(`${reason}; the collector follows no redirects`);
  const isRepeatable = status >= 500 || REPEATABLE.includes(status);
  return isRepeatable
    ? retry(reason, retryAfterOf(headers.get("retry-after"), now))
    : { type: "refused", reason, status };
};

/**
 * Sends a message once. The status alone decides: a body of the response is not read. Without all secrets the message is not
 * sent, and may be later: a receiver that knows only the missing one would refuse it.
 *
 * @param env The environment with the secrets.
 * @param now UTC milliseconds.
 * @param end Ends the attempt earlier than {@link RESPOND_WITHIN_MS}. Default: never.
 */
export const sendWebhook = async (
  { url, secrets }: WebhookSettings,
  env: object,
  message: SentMessage,
  now: number,
  end?: AbortSignal,
): Promise<WebhookOutcome> => {
  const keys = keysOf(env, secrets);
  if (typeof keys === "string") return retry(keys);
  const headers = { "content-type": "application/json", ...(await signedHeaders(message, keys, now)) };
  const late = AbortSignal.timeout(RESPOND_WITHIN_MS);
  const signal = end ? AbortSignal.any([late, end]) : late;
  try {
    const response = await fetch(url, { method: "POST", headers, body: message.body, redirect: "manual", signal });
    // The body may be without end.
    await response.body?.cancel().catch(() => {});
    return outcomeOf(response, now);
  } catch (error) {
    const isLate = (error as Error).name === "TimeoutError";
    return retry(isLate ? "the receiver did not respond in time" : "the receiver could not be reached");
  }
};
