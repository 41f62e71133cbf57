/** Number of failures in a row after which a breaker opens. */
const FAILURES = 5;

/** Time for which a breaker stays open, in milliseconds. It doubles with each failed trial, up to `longest`. */
const OPEN_MS = { first: 1_000, longest: 30_000 };

/**
 * A circuit breaker: after {@link FAILURES} failures in a row it admits no call for a time. Then it is half-open and admits
 * one, of which the success closes it.
 */
export interface Breaker {
  /** Whether a call may be made. An admitted call ends with `succeed` or `fail`, or says nothing. */
  admits(now: number): boolean;
  succeed(): void;
  fail(now: number): void;
}

/** Creates a closed breaker. Times are UTC milliseconds. */
export const createBreaker = (): Breaker => {
  let failures = 0;
  let openMs = OPEN_MS.first;
  /** Time of the next trial; `undefined` while closed. */
  let trialAt: number | undefined;
  let isTrying = false;

  return {
    admits(now) {
      if (trialAt === undefined) return true;
      // `trialAt` is too late after the clock was set back.
      if (now < trialAt && trialAt - now <= OPEN_MS.longest) return false;
      // No other call is admitted until this trial ends, or its time is over.
      trialAt = now + openMs;
      isTrying = true;
      return true;
    },

    succeed() {
      failures = 0;
      openMs = OPEN_MS.first;
      trialAt = undefined;
      isTrying = false;
    },

    fail(now) {
      failures += 1;
      // Calls that were admitted before it opened may still fail. They are no trials.
      if (failures < FAILURES || (trialAt !== undefined && !isTrying)) return;
      if (isTrying) openMs = Math.min(OPEN_MS.longest, 2 * openMs);
      trialAt = now + openMs;
      isTrying = false;
    },
  };
};
