import { console, outsideZone } from "./platform.ts";
import { countError, timed } from "./self-report.ts";

/** Writes a warning to the console. It never throws, even where the page has replaced the console. */
export const warn = (...words: unknown[]): void => {
  try {
    console.warn("[tidemark]", ...words);
  } catch {}
};

/** Counts an exception, and writes it as a warning. */
const warnOf = (error: unknown): void => {
  countError("errors");
  warn(error);
};

/**
 * Wraps `run` so that it never throws into the page: an exception, or a rejected promise, becomes a warning in the
 * console. It runs outside of Angular's zone.
 */
export const guard =
  <A extends unknown[]>(run: (...args: A) => unknown) =>
  (...args: A): void => {
    try {
      const result = timed(() => outsideZone(run, ...args)) as Promise<unknown> | undefined;
      // Most functions return nothing, so that there is no method to look up.
      if (result) outsideZone(() => result.catch?.(warnOf));
    } catch (error) {
      warnOf(error);
    }
  };

/** Runs all steps in order, each by itself: a step that fails becomes a warning and does not keep the next from running. */
export const runEach = (...steps: (() => unknown)[]): void => {
  for (const step of steps) guard(step)();
};
