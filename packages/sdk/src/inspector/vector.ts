import { Error, Object, Promise, Set } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker, Vector } from "../tracker/tracker.ts";

/** The result of the latest read of the session's vector. */
export interface VectorReading {
  vector: Vector;
  /** Names of the features whose values have changed since the previous read. */
  changed: ReadonlySet<string>;
  /** The error message of a failed read, which keeps the previous vector; otherwise empty. */
  error: string;
}

/** The shortest time between two reads, in milliseconds. */
const READ_EVERY_MS = 500;

/** A reader of a session's vector, on demand. */
export interface VectorReader {
  /** Requests a read, which follows within {@link READ_EVERY_MS}. Without a session nothing is read. */
  read(): void;
  stop: Stop;
}

/** Creates a reader that reads at most once in {@link READ_EVERY_MS}, and only on request. `listener` receives each result. */
export const createVectorReader = (
  tracker: Pick<Tracker, "features" | "sessionId">,
  listener: (reading: VectorReading) => void,
): VectorReader => {
  let vector: Vector = {};
  let isFirst = true;
  let latestRead = Promise.resolve();

  const read = async () => {
    if (!tracker.sessionId) return;
    try {
      const latest = await tracker.features(true);
      const names = Object.keys(latest).filter((name) => `${latest[name]}` !== `${vector[name]}`);
      vector = latest;
      listener({ vector, changed: new Set(isFirst ? [] : names), error: "" });
      isFirst = false;
    } catch (error) {
      listener({ vector, changed: new Set(), error: error instanceof Error ? error.message : `${error}` });
    }
  };
  const timer = createTimer(() => {
    // One read at a time, so that no older result replaces a newer one.
    latestRead = latestRead.then(read);
  });
  return { read: () => timer.start(READ_EVERY_MS), stop: timer.stop };
};
