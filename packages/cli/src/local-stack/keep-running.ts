import { watchFolder } from "./watch-folder.ts";

/** A program that may end by itself. */
export interface Revivable {
  /** Waits until the program has ended. */
  ended(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Starts a program again whenever it has ended by itself. While it does not start, it is tried again with each change in a folder: a
 * wrong configuration ends it, and the right one brings it back.
 *
 * @param report Receives the reason for which it does not start.
 * @param signal Ends this, and a start that is under way.
 */
export const keepRunning = async (
  { ended, start, stop }: Revivable,
  folder: string,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  await ended();
  while (!signal.aborted) {
    // From before the start: a change that the start is too early for brings the next one.
    const { changed, stop: stopWatching } = watchFolder(folder);
    signal.addEventListener("abort", stopWatching);
    try {
      await start();
      await (signal.aborted ? stop() : ended());
    } catch (error) {
      report(`${(error as Error).message}\nIt starts again with the next change.\n`);
      await changed;
    } finally {
      signal.removeEventListener("abort", stopWatching);
      stopWatching();
    }
  }
};
