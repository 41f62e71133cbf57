/** A timer that waits for one thing at a time. */
export interface Timer {
  /** Runs what it is for after `ms` milliseconds, unless it waits already. */
  start(ms?: number): void;
  stop(): void;
  /** Whether it waits. */
  runs(): boolean;
}

/** A timer for `run`. */
export const createTimer = (run: () => void): Timer => {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return {
    start(ms) {
      waiting ??= setTimeout(() => {
        stop();
        run();
      }, ms);
    },
    stop,
    runs: () => !!waiting,
  };
};
