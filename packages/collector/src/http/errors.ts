import type { ErrorCode, ErrorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { toHttpError } from "../errors.ts";

/** Values of `Retry-After` by error, in seconds. The client may send the same request again after this time. */
const RETRY_AFTER_S: { [C in ErrorCode]?: number } = {
  unavailable: 1,
  model_unavailable: 1,
  too_many_requests: 10,
  paused: 60,
  over_daily_cap: 3_600,
};

/** Returns the response to a request that failed. */
export const respondToError = (error: Error, c: Context): Response => {
  const { code, message, status } = toHttpError(error);
  const retryAfter = RETRY_AFTER_S[code];
  if (retryAfter !== undefined) {
    c.header("retry-after", String(retryAfter));
    c.header("access-control-expose-headers", "Retry-After");
  }
  return c.json({ error: { code, message } } satisfies ErrorResponse, status);
};
