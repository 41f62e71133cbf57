import { secretOf } from "../../access/keys.ts";
import { jsonOf, responseOf } from "../../target-response.ts";
import type { NotifyOutcome } from "../notification.ts";
import { lineOf } from "./texts.ts";

/** Time in which a receiver has to respond to a request, in milliseconds. */
const RESPOND_WITHIN_MS = 5_000;

/** Time for all requests to a receiver in a round, in milliseconds: less than a round waits. */
export const NOTIFY_WITHIN_MS = 7_000;

/** Largest number of requests to a receiver in a round. The others follow in the next one. */
export const MAX_CALLS = 60;

/** Number of requests to a receiver at the same time. A Worker has at most six connections. */
const AT_ONCE = 4;

/** Time until the next attempt after a refusal, which only another configuration ends, in milliseconds. */
export const AFTER_REFUSAL_MS = 60_000;

/** Time until the next attempt after too many requests, without another one from the receiver, in milliseconds. */
const AFTER_TOO_MANY_MS = 30_000;

/** Statuses below 500 after which the same request may succeed. */
const REPEATABLE: readonly number[] = [408, 425, 429];

/** Statuses about the credentials or the address: every other request gets the same. */
const ABOUT_ALL: readonly number[] = [401, 403, 404, 405, 410];

/** Longest part of a response that is quoted, in characters. */
const MAX_QUOTE = 200;

/** The outcome of a request. */
export type CallOutcome =
  | { type: "accepted" }
  /** The same request may succeed later. */
  | { type: "later"; reason: string; afterMs?: number }
  /** Only another configuration lets it succeed. With `all` this holds for the other requests too. */
  | { type: "refused"; reason: string; all: boolean };

/** A request to a receiver, with the keys of the messages that it contains. */
export interface Call {
  keys: readonly string[];
  send(signal: AbortSignal): Promise<CallOutcome>;
}

/** The part of a response that says what is wrong, without the secrets of the request. */
const quoteOf = (text: string, secrets: readonly string[]): string => {
  const { message, errors } = (jsonOf(text) ?? {}) as { message?: unknown; errors?: unknown };
  const listed =
    typeof errors === "object" ? Object.entries(errors ?? {}).map(([key, error]) => `${key}: ${error}`) : [];
  const parts = [message, ...(Array.isArray(errors) ? errors : listed)].filter((part) => typeof part === "string");
  let quote = parts.length > 0 ? parts.join("; ") : text.trimStart().startsWith("<") ? "" : text;
  for (const secret of secrets) if (secret.length > 1) quote = quote.replaceAll(secret, "(secret)");
  return lineOf(quote.slice(0, 10 * MAX_QUOTE), MAX_QUOTE);
};

/**
 * Posts JSON to a receiver. It does not throw. The reason of a failure quotes the response, and no secret.
 *
 * @param secrets The secrets in the address, the headers and the body.
 */
export const post = async (
  url: string,
  { headers = {}, body, secrets }: { headers?: Record<string, string>; body: object; secrets: readonly string[] },
  signal: AbortSignal,
): Promise<CallOutcome> => {
  const both = AbortSignal.any([signal, AbortSignal.timeout(RESPOND_WITHIN_MS)]);
  const init: RequestInit = {
    ...{ method: "POST", headers: { "content-type": "application/json", ...headers } },
    ...{ body: JSON.stringify(body), redirect: "manual", signal: both },
  };
  const response = await responseOf(() => fetch(url, init), both);
  if ("failure" in response) return { type: "later", reason: response.failure.replace("the target", "the receiver") };
  const { status, text, afterMs } = response;
  if (status >= 200 && status < 300) return { type: "accepted" };
  const quote = status >= 300 && status < 400 ? "the collector follows no redirects" : quoteOf(text, secrets);
  const reason = `the receiver responded with status ${status}${quote && `: ${quote}`}`;
  if (status >= 500 || REPEATABLE.includes(status)) {
    const wait = afterMs ?? (status === 429 ? AFTER_TOO_MANY_MS : undefined);
    return { type: "later", reason, ...(wait !== undefined && { afterMs: wait }) };
  }
  return { type: "refused", reason, all: status < 400 || ABOUT_ALL.includes(status) };
};

/** The secret of a name, or the refusal without one that a header can have. */
export const usableSecret = (env: object, name: string): string | { fault: string } => {
  const secret = secretOf(env, name);
  if (secret === undefined) return { fault: `the secret ${name} is not set` };
  // A header or an address with a line break would be an error that quotes it.
  return /^[!-~]+$/.test(secret)
    ? secret
    : { fault: `the secret ${name} has a space, a line break or another such character` };
};

/** The outcome of a round without a request, because of the configuration. */
export const refusal = (fault: string, notified: readonly string[] = []): NotifyOutcome => ({
  ...{ accepted: false, detail: fault, notified, afterMs: AFTER_REFUSAL_MS },
});

/**
 * Sends requests to a receiver, in order and a few at a time. A failure that concerns all of them ends the round; the messages
 * without acceptance are for a later one.
 */
export const sendCalls = async (calls: readonly Call[]): Promise<NotifyOutcome> => {
  const signal = AbortSignal.timeout(NOTIFY_WITHIN_MS);
  const notified: string[] = [];
  let failure: Exclude<CallOutcome, { type: "accepted" }> | undefined;
  const round = calls.slice(0, MAX_CALLS);
  let begin = 0;
  for (; begin < round.length && !signal.aborted; begin += AT_ONCE) {
    const group = round.slice(begin, begin + AT_ONCE);
    const outcomes = await Promise.all(group.map(({ send }) => send(signal)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.type === "accepted") notified.push(...(group[index]?.keys ?? []));
      else if (!failure || outcome.type === "later") failure = outcome;
    }
    if (failure && (failure.type === "later" || failure.all)) break;
  }
  if (failure?.type === "refused") return refusal(failure.reason, notified);
  if (failure) {
    const { reason, afterMs } = failure;
    return { accepted: false, detail: reason, notified, ...(afterMs !== undefined && { afterMs }) };
  }
  const left = calls.length - Math.min(begin, round.length);
  if (left > 0) return { accepted: false, detail: `${left} of ${calls.length} requests follow`, notified, afterMs: 0 };
  return { accepted: true, detail: `accepted ${notified.length} of ${notified.length} messages` };
};
