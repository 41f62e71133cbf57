import type { Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker/tracker.ts";

/** The session's vector as it was read last. */
export interface VectorReading {
  vector: Vector;
  /** Names of the features that the last reading changed. */
  changed: ReadonlySet<string>;
  /** Why it could not be read, in words; the vector is then that of before. */
  error: string;
}

/** Shortest time between two readings, in milliseconds. */
const READ_EVERY_MS = 500;

/** Reads a session's vector on demand. */
export interface VectorReader {
  /** Asks for a reading, which follows within {@link READ_EVERY_MS}; nothing is read while there is no session. */
  read(): void;
  stop: Stop;
}

/** Creates a reader that reads at most once in {@link READ_EVERY_MS}, and never by itself. `listener`: gets each reading. */
export const createVectorReader = (
  tracker: Pick<Tracker, "features" | "sessionId">,
  listener: (reading: VectorReading) => void,
): VectorReader => {
  let vector: Vector = {};
  let isFirst = true;
  let reading = Promise.resolve();

  const read = async () => {
    if (!tracker.sessionId) return;
    try {
      const now = await tracker.features(true);
      const names = Object.keys(now).filter((name) => `${now[name]}` !== `${vector[name]}`);
      vector = now;
      listener({ vector, changed: new Set(isFirst ? [] : names), error: "" });
      isFirst = false;
    } catch (error) {
      listener({ vector, changed: new Set(), error: error instanceof Error ? error.message : `${error}` });
    }
  };
  const timer = createTimer(() => {
    // One after the other, so that none shows what is older than the one before.
    reading = reading.then(read);
  });
  return { read: () => timer.start(READ_EVERY_MS), stop: timer.stop };
};
