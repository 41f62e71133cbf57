import type { ErrorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { HttpError } from "../errors.ts";

/** Value of `Retry-After` when a Durable Object could not be reached, in seconds. */
const RETRY_AFTER_S = 1;

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
  if (code === "unavailable") {
    c.header("retry-after", String(RETRY_AFTER_S));
    c.header("access-control-expose-headers", "Retry-After");
  }
  return c.json({ error: { code, message } } satisfies ErrorResponse, status);
};
