import { watchFolder } from "./watch-folder.ts";

/** A program that may exit by itself and can start again. */
export interface Restartable {
  /** Resolves once the program has exited. */
  ended(): Promise<void>;
  /** Starts the program again. */
  start(): Promise<void>;
  /** Ends the program. */
  stop(): Promise<void>;
}

/**
 * Restarts a program each time that it exits by itself. After a failed start, such as one with an invalid
 * configuration, it restarts the program at the next change in a folder.
 *
 * @param report Receives the reason for a failed start.
 * @param signal Ends the restarts, and the program when a start is in progress.
 */
export const keepRunning = async (
  { ended, start, stop }: Restartable,
  folder: string,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  await ended();
  while (!signal.aborted) {
    // The watch begins before the start, so that it includes changes during the start.
    const { changed, stop: stopWatching } = watchFolder(folder);
    signal.addEventListener("abort", stopWatching);
    try {
      await start();
      await (signal.aborted ? stop() : ended());
    } catch (error) {
      report(`${(error as Error).message}\nThe next change of a file starts it again.\n`);
      await changed;
    } finally {
      signal.removeEventListener("abort", stopWatching);
      stopWatching();
    }
  }
};
