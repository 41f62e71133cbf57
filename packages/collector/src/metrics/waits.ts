import { meter } from "./isolate-meter.ts";

/** The waits that `tidemark_wait_seconds` measures. */
export type Wait = "session" | "push" | "entity_read" | "put" | "sink" | "model";

/** The classes of Durable Objects that are called. */
export type ObjectClass = "Session" | "Partition" | "EntityShard" | "LogWriter" | "Schedule" | "Egress" | "Metrics";

/**
 * Measures the wait for another part, also if it fails.
 *
 * @param isFailure Whether a result stands for a failure. Default: none does.
 */
export const measureWait = async <T>(
  on: Wait,
  work: () => Promise<T>,
  isFailure: (result: T) => boolean = () => false,
): Promise<T> => {
  const from = Date.now();
  let outcome = "error";
  try {
    const result = await work();
    if (!isFailure(result)) outcome = "ok";
    return result;
  } finally {
    // The clock may have been set back meanwhile.
    meter.observe("tidemark_wait_seconds", { on, outcome }, Math.max(0, Date.now() - from) / 1_000);
  }
};

/** Counts a call of a Durable Object that failed. */
export const countObjectError = (object: ObjectClass): void =>
  meter.count("tidemark_object_errors_total", { object }, 1);

/** Calls a Durable Object, and counts the call if it fails. @param isFailure As in {@link measureWait}. */
export const callObject = async <T>(
  object: ObjectClass,
  call: () => Promise<T>,
  isFailure: (result: T) => boolean = () => false,
): Promise<T> => {
  try {
    const result = await call();
    if (isFailure(result)) countObjectError(object);
    return result;
  } catch (error) {
    countObjectError(object);
    throw error;
  }
};
