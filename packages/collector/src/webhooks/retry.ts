/** Time from the first attempt after which a message is not sent any more, in milliseconds: one day. */
export const WEBHOOK_KEPT_MS = 86_400_000;

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** Times from an attempt that failed to the next one, in milliseconds. With the largest jitter their sum is below a day. */
export const RETRY_AFTER_MS: readonly number[] = [
  5 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
  8 * HOUR,
];

/** Share by which a time to the next attempt varies at random, so that sessions do not send at the same moment. */
export const JITTER = 0.1;

/**
 * Time from an attempt that failed to the next one, in milliseconds; `undefined` after the last attempt.
 *
 * @param attempts Number of attempts so far, from 1 on.
 * @param afterMs The time that the receiver asked for, in milliseconds. The next attempt is not earlier.
 * @param random From 0 to 1.
 */
export const retryIn = (attempts: number, afterMs: number, random: number): number | undefined => {
  const wait = RETRY_AFTER_MS[attempts - 1];
  return wait && Math.max(afterMs, Math.round(wait * (1 + JITTER * (2 * random - 1))));
};

/**
 * The time that the header `Retry-After` asks for, in milliseconds: a number of seconds, or a date. 0 without it, and for a
 * text that is neither.
 */
export const retryAfterOf = (header: string | null, now: number): number => {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * SECOND : Date.parse(header) - now;
  return ms > 0 ? Math.min(ms, WEBHOOK_KEPT_MS) : 0;
};
