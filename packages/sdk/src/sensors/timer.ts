import { guard } from "../guard.ts";
import { clearTimeout, outsideZone, setTimeout } from "../platform.ts";

/** A timer for one function, with at most one wait at a time. */
export interface Timer {
  /** Runs the timer's function after `ms` milliseconds (default: 0), unless the timer is running already. */
  start(ms?: number): void;
  /** Cancels the wait, so that the function does not run. */
  stop(): void;
  /** Whether a wait is in progress. */
  isRunning(): boolean;
}

/** Creates a stopped timer for `run`. An exception in `run` becomes a warning. */
export const createTimer = (run: () => void): Timer => {
  let timeout: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timeout);
    timeout = undefined;
  };
  const end = guard(() => {
    stop();
    run();
  });
  return {
    start(ms) {
      timeout ??= outsideZone(() => setTimeout(end, ms));
    },
    stop,
    isRunning: () => !!timeout,
  };
};
