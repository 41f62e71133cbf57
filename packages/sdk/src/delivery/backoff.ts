/** Half of the first ceiling of a wait, and the longest, in milliseconds. */
const BASE_MS = 500;
const CAP_MS = 60_000;

/** Longest wait that a server may ask for, in milliseconds: a day. Timers that wait for more than 24 days do not wait at all. */
const MAX_ASKED_MS = 86_400_000;

/**
 * How long to wait after the given number of failures in a row: exponential, with full jitter, so that many pages do not
 * come back at once ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). Never less than the server asked for.
 */
export const backoff = (failures: number, askedMs: number): number =>
  Math.min(MAX_ASKED_MS, Math.max(0, askedMs)) + Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
