import type { EventRecord } from "@tidemark/schema/log";
import { diceOf } from "./dice.ts";
import { type Decision, visitOf } from "./visit.ts";

/** Options of {@link generateVisits}. */
export interface GenerateOptions {
  site: string;
  sessions: number;
  seed: number;
  /** Period of the sessions' begins, in UTC milliseconds. */
  from: number;
  to: number;
}

/** A generated session: its records in the log, and its decision. */
export interface GeneratedVisit {
  records: EventRecord[];
  decision: Decision;
}

/** Time from an event to its receipt, in milliseconds. */
const TRANSIT_MS = 400;

/** Mean number of sessions of a visitor. */
const SESSIONS_PER_VISITOR = 3;

/**
 * Generates the sessions of a site in the order of their begins, from their seed alone. Visitors return, and are known from
 * a purchase on. One session in fifty is of an automated test, and one of the site's own people: these mostly buy.
 */
export function* generateVisits({ site, sessions, seed, from, to }: GenerateOptions): Generator<GeneratedVisit> {
  const dice = diceOf(seed);
  const visitors = Math.max(1, Math.round(sessions / SESSIONS_PER_VISITOR));
  const users = new Map<string, string>();
  const busyUntil = new Map<string, number>();
  let offset = 0;
  for (let number = 0; number < sessions; number += 1) {
    const kind = dice.integer(1, 50);
    const traffic = kind === 1 ? "test" : kind === 2 ? "internal" : undefined;
    const visitor = traffic ?? `visitor-${dice.integer(1, visitors)}`;
    const anonymous_id = `${visitor}-${seed}`.padEnd(8, "0");
    const planned = Math.floor(from + ((to - from) * number) / sessions);
    // A visitor's sessions follow each other.
    const begin = Math.max(planned, busyUntil.get(anonymous_id) ?? 0);
    const session_id = `${site}.s${seed}-${String(number).padStart(8, "0")}`;
    const { events, decision } = visitOf(dice, {
      ...{ session_id, anonymous_id, user_id: users.get(anonymous_id), traffic, begin },
    });
    const last = events.at(-1);
    if (last?.user_id) users.set(anonymous_id, last.user_id);
    busyUntil.set(anonymous_id, (last?.time ?? begin) + 1_800_000);
    const records = events.map((event, index): EventRecord => {
      offset += 1;
      const place = { site, partition: 0, offset, arrival: index + 1, received_at: event.time + TRANSIT_MS };
      return { kind: "event", v: 1, ...place, event };
    });
    yield { records, decision };
  }
}
