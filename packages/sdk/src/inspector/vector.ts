import type { Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker.ts";

/** The session's vector as it was read last. */
export interface Reading {
  vector: Vector;
  /** Names of the features that the last reading changed. */
  changed: ReadonlySet<string>;
  /** Why it could not be read, in words; the vector is then that of before. */
  trouble: string;
}

/** Shortest time between two readings, in milliseconds. */
const READ_EVERY_MS = 500;

/** Reads the vector when told to, if there is a session, at most once in {@link READ_EVERY_MS}, and never by itself. */
export const createVectorReader = (
  tracker: Pick<Tracker, "features" | "sessionId">,
  hear: (reading: Reading) => void,
): [read: () => void, stop: Stop] => {
  let vector: Vector = {};
  let isFirst = true;
  let reading = Promise.resolve();

  const read = async () => {
    if (!tracker.sessionId) return;
    try {
      const now = await tracker.features(true);
      const names = Object.keys(now).filter((name) => `${now[name]}` !== `${vector[name]}`);
      vector = now;
      hear({ vector, changed: new Set(isFirst ? [] : names), trouble: "" });
      isFirst = false;
    } catch (error) {
      hear({ vector, changed: new Set(), trouble: error instanceof Error ? error.message : `${error}` });
    }
  };
  const [start, stop] = createTimer(() => {
    // One after the other, so that none shows what is older than the one before.
    reading = reading.then(read);
  });
  return [() => start(READ_EVERY_MS), stop];
};
