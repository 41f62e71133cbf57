import type { ErrorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { HttpError } from "../errors.ts";

/** Value of `Retry-After`, in seconds, when an object could not be reached. */
const RETRY_AFTER_S = 1;

/** Whether an error means that an object was overloaded or out of reach: the runtime marks such errors. */
const isUnreachable = (error: object): boolean =>
  ["overloaded", "retryable", "durableObjectReset"].some((mark) => (error as Record<string, unknown>)[mark] === true);

const httpErrorOf = (error: Error): HttpError => {
  if (error instanceof HttpError) return error;
  console.error("a request failed", error);
  return isUnreachable(error)
    ? new HttpError("unavailable", "What holds the answer could not be reached. Ask again.")
    : new HttpError("internal", "The collector failed. Nothing was stored; send it again.");
};

/** Answers a request that failed. */
export const respondToError = (error: Error, c: Context): Response => {
  const { code, message, status } = httpErrorOf(error);
  if (code === "unavailable") {
    c.header("retry-after", String(RETRY_AFTER_S));
    c.header("access-control-expose-headers", "Retry-After");
  }
  return c.json({ error: { code, message } } satisfies ErrorResponse, status);
};
