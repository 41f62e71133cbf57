import { displayed } from "./displayed.ts";
import type { EngineEvent } from "./engine.ts";
import { type Lateness, type LatenessOptions, latenessRule } from "./lateness.ts";

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

/**
 * Creates a function that classifies each event of a log by its lateness. As in the live system, the watermark of the
 * event's session decides, for all entities.
 *
 * @returns A function to call with each event, in the order of arrival. It throws an Error that names the position of
 * an invalid event, counted from 1, and its first field that is missing or of another type.
 */
export const sessionLateness = (options: LatenessOptions | undefined): ((event: LoggedEvent) => Lateness) => {
  const { classify } = latenessRule(options);
  const maxEventTimes = new Map<string, number>();
  let position = 0;
  return (event) => {
    position += 1;
    checkEvent(event, position);
    const { session_id, time } = event;
    const maxEventTime = maxEventTimes.get(session_id) ?? null;
    const eventLateness = classify(maxEventTime, time);
    if (eventLateness !== "too_late") maxEventTimes.set(session_id, Math.max(maxEventTime ?? time, time));
    return eventLateness;
  };
};
