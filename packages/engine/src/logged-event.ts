import type { EngineEvent } from "./engine.ts";
import { type Arrival, type LatenessOptions, lateness } from "./lateness.ts";

/** An event of the log: with its session and visitor. */
export type LoggedEvent = EngineEvent & { session_id: string; anonymous_id: string };

/**
 * Decides for each event of a log whether it is late. As in the live system, the watermark of its session decides, for all entities.
 *
 * @returns A function of an event. Call it in the order of arrival.
 */
export const sessionArrivals = (options: LatenessOptions | undefined): ((event: LoggedEvent) => Arrival) => {
  const { arrival } = lateness(options);
  const progress = new Map<string, number>();
  return ({ session_id, time }) => {
    const known = progress.get(session_id) ?? null;
    const arrived = arrival(known, time);
    if (arrived !== "too_late") progress.set(session_id, Math.max(known ?? time, time));
    return arrived;
  };
};
