import type { EngineEvent } from "./engine.ts";
import { type Arrival, type LatenessOptions, lateness } from "./lateness.ts";

/** An event of the log: with its session and visitor. */
export type LoggedEvent = EngineEvent & { session_id: string; anonymous_id: string };

/**
 * Tells when each event of a log arrived. As live, its session is the source whose watermark decides, for all entities.
 *
 * @returns A function to be given the events in the order in which they arrived.
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
