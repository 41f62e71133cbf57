import { Math } from "../platform.ts";

/** Half of the first wait's ceiling, and the default of the highest ceiling, in milliseconds. */
const BASE_MS = 500;
const CAP_MS = 60_000;

/** Longest wait that a server may ask for, in milliseconds: a day. `setTimeout` runs at once for more than 24 days. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * Computes the wait after so many failures in a row, in milliseconds: exponential with full jitter, so that many pages
 * do not retry at the same time. It is never shorter than `retryAfterMs`, the wait that the server asked for.
 *
 * @param cap The highest ceiling of the exponential wait, in milliseconds. Default: a minute.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoff = (failures: number, retryAfterMs: number, cap = CAP_MS): number =>
  Math.min(MAX_RETRY_AFTER_MS, Math.max(0, retryAfterMs)) + Math.random() * Math.min(cap, BASE_MS * 2 ** failures);
