/** Runs what the timer is for after `ms` milliseconds, unless it waits already. */
type Start = (ms?: number) => void;

/** A timer that waits for one thing at a time: what starts it, what stops it, and what it waits for, if it does. */
export type Timer = [start: Start, stop: () => void, waitsFor: () => unknown];

/** A timer for `run`. */
export const createTimer = (run: () => void): Timer => {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return [
    (ms) => {
      waiting ??= setTimeout(() => {
        stop();
        run();
      }, ms);
    },
    stop,
    () => waiting,
  ];
};
