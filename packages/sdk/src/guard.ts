const warn = (error: unknown) => console.warn("[tidemark]", error);

/** Wraps `run` so that it never throws into the page: an exception, or a rejected promise, becomes a warning in the console. */
export const guard =
  <A extends unknown[]>(run: (...args: A) => unknown) =>
  (...args: A): void => {
    try {
      (run(...args) as Promise<unknown> | undefined)?.catch?.(warn);
    } catch (error) {
      warn(error);
    }
  };

/** Runs all steps in order, each by itself: a step that fails becomes a warning and does not keep the next from running. */
export const runEach = (...steps: (() => unknown)[]): void => {
  for (const step of steps) guard(step)();
};
