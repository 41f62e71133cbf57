import { watchFolder } from "./watch-folder.ts";

/** A program that may end by itself. */
export interface Restartable {
  /** Waits until the program has ended. */
  ended(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Starts a program again whenever it has ended by itself. When a start fails, as with a wrong configuration, the next change in a folder
 * starts it again.
 *
 * @param report Receives the reason of a failed start.
 * @param signal Ends this, and a start that is under way.
 */
export const keepRunning = async (
  { ended, start, stop }: Restartable,
  folder: string,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  await ended();
  while (!signal.aborted) {
    // Watching begins before the start, so that a change during the start counts.
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
