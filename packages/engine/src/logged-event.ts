import { displayed } from "./displayed.ts";
import type { EngineEvent } from "./engine.ts";
import type { FedIds } from "./fed-ids.ts";
import { type ViewTotals, withGrowth } from "./growth.ts";
import { type Lateness, type LatenessOptions, latenessRule } from "./lateness.ts";
import type { Touches } from "./touches.ts";

/** An event of the log, with its session and visitor. */
export type LoggedEvent = EngineEvent & { session_id: string; anonymous_id: string };

/** The required fields of every event in a log, with their types and the texts for errors. */
const FIELDS: readonly [name: keyof LoggedEvent, type: "string" | "number", expected: string][] = [
  ["type", "string", "a text"],
  ["session_id", "string", "a text"],
  ["anonymous_id", "string", "a text"],
  ["tab_id", "string", "a text"],
  ["seq", "number", "a number"],
  ["time", "number", "a number of UTC milliseconds"],
];

const checkEvent = (event: LoggedEvent, position: number): void => {
  if (typeof event !== "object" || event === null)
    throw new Error(`event ${position} of the log: expected an object; given ${displayed(event)}`);
  for (const [name, type, expected] of FIELDS) {
    const value: unknown = event[name];
    if (type === "string" ? typeof value === "string" : Number.isFinite(value)) continue;
    throw new Error(`event ${position} of the log: ${name}: expected ${expected}; given ${displayed(value)}`);
  }
};

/** An event as its session counts it. */
export interface SessionEvent {
  lateness: Lateness;
  /** The event with the growth of its totals, or the given one when it is too late. */
  event: LoggedEvent;
  /** The ids that the session feeds, for {@link feeds}. Call it for each entity in the order of arrival. */
  fed: FedIds;
  /** The pages that the session viewed before. Add a page view after its event. */
  touches: Touches;
}

/** The state of a session that the next event depends on. */
interface Progress {
  maxEventTime: number | null;
  totals: ViewTotals;
  fed: FedIds;
  touches: Touches;
}

/**
 * Creates a function that classifies each event of a log by its lateness, and completes its growth: see
 * {@link withGrowth}. As in the live system, the event's session decides for all entities.
 *
 * @returns A function to call with each event, in the order of arrival. It throws an Error that names the position of
 * an invalid event, counted from 1, and its first field that is missing or of another type.
 */
export const sessionEvents = (options: LatenessOptions | undefined): ((event: LoggedEvent) => SessionEvent) => {
  const { classify } = latenessRule(options);
  const sessions = new Map<string, Progress>();
  let position = 0;
  return (event) => {
    position += 1;
    checkEvent(event, position);
    const { session_id, time } = event;
    const progress = sessions.get(session_id) ?? { maxEventTime: null, totals: {}, fed: {}, touches: [] };
    sessions.set(session_id, progress);
    const { maxEventTime, totals, fed, touches } = progress;
    const lateness = classify(maxEventTime, time);
    if (lateness === "too_late") return { lateness, event, fed, touches };
    progress.maxEventTime = Math.max(maxEventTime ?? time, time);
    return { lateness, event: withGrowth(totals, event, event), fed, touches };
  };
};
