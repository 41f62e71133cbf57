import type { ErrorCode, ErrorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { HttpError } from "../errors.ts";

/** Values of `Retry-After` by error, in seconds. The client may send the same request again after this time. */
const RETRY_AFTER_S: { [C in ErrorCode]?: number } = {
  unavailable: 1,
  too_many_requests: 10,
  paused: 60,
  over_daily_cap: 3_600,
};

/** Whether an error means that a Durable Object was overloaded or unreachable: the runtime marks such errors. */
const isUnreachable = (error: object): boolean =>
  ["overloaded", "retryable", "durableObjectReset"].some((mark) => (error as Record<string, unknown>)[mark] === true);

const httpErrorOf = (error: Error): HttpError => {
  if (error instanceof HttpError) return error;
  console.error("a request failed", error);
  return isUnreachable(error)
    ? new HttpError("unavailable", "The storage of the requested data could not be reached. Send the request again.")
    : new HttpError("internal", "The collector failed. Nothing was stored; send the request again.");
};

/** Returns the response to a request that failed. */
export const respondToError = (error: Error, c: Context): Response => {
  const { code, message, status } = httpErrorOf(error);
  const retryAfter = RETRY_AFTER_S[code];
  if (retryAfter !== undefined) {
    c.header("retry-after", String(retryAfter));
    c.header("access-control-expose-headers", "Retry-After");
  }
  return c.json({ error: { code, message } } satisfies ErrorResponse, status);
};
