import { measureWait } from "../metrics/waits.ts";
import type { Attempt, Cut, Sink, SinkContext } from "../sinks/sink.ts";

/** Longest duration of an attempt, in milliseconds, and the time after it in which a sink has to return. */
const ATTEMPT_MS = { signal: 30_000, grace: 2_000 };

/** The surroundings of an attempt, whose time this file limits. */
export type Surroundings = Omit<SinkContext, "signal">;

/**
 * Does work within {@link ATTEMPT_MS}. No timer stays, because it would keep the object active.
 *
 * @throws Error when the work has not ended in time, although its signal was aborted.
 */
const inTime = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const timers: ReturnType<typeof setTimeout>[] = [];
  const late = new Promise<never>((_, reject) => {
    timers.push(setTimeout(() => controller.abort(new Error("the time of the attempt is over")), ATTEMPT_MS.signal));
    const error = new Error(`the sink did not return within ${(ATTEMPT_MS.signal + ATTEMPT_MS.grace) / 1_000} s`);
    timers.push(setTimeout(() => reject(error), ATTEMPT_MS.signal + ATTEMPT_MS.grace));
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
};

/** Lets a sink plan a cut. @returns The sink's new state; `undefined` from a sink without memory. */
export const planInTime = (sink: Sink, cut: Cut, state: unknown, surroundings: Surroundings): Promise<unknown> =>
  inTime(async (signal) => sink.plan?.(cut, state, { ...surroundings, signal }));

/** Lets a sink send a cut once. It never rejects: a sink that throws or does not return has delivered nothing. */
export const attemptInTime = async (
  sink: Sink,
  cut: Cut,
  state: unknown,
  surroundings: Surroundings,
): Promise<Attempt<unknown>> => {
  try {
    const result = await measureWait(
      "sink",
      () => inTime((signal) => sink.attempt(cut, state, { ...surroundings, signal })),
      ({ outcomes }) => outcomes.some(({ type }) => type === "retry"),
    );
    if (result.outcomes.length === cut.pending.length) return result;
    throw new Error(`the sink returned ${result.outcomes.length} outcomes for ${cut.pending.length} records`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcomes: cut.pending.map(() => ({ type: "retry", reason })) };
  }
};
