import type { SinkOutcome } from "../sinks/sink.ts";

/** Shortest and longest time from a failed attempt to the next one, in milliseconds. It doubles with each failure. */
const BACKOFF_MS = { first: 1_000, longest: 300_000 };

/** Longest time that a target can ask for, in milliseconds. */
const LONGEST_WISH_MS = 3_600_000;

/** Number of attempts in succession without a wait, which a sink asks for. */
const MAX_IMMEDIATE = 50;

/**
 * Time until the next attempt, in milliseconds: the target's own wish, or a backoff with jitter for records without one.
 *
 * @param failures Number of attempts in succession that have delivered nothing, from 1 on.
 * @param random From 0 to 1.
 */
export const retryAfter = (outcomes: readonly SinkOutcome[], failures: number, random: number): number => {
  const wishes = outcomes.flatMap((outcome) => (outcome.type === "retry" ? [outcome.afterMs] : []));
  const backoff = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** Math.min(failures - 1, 20)) * (0.5 + random / 2);
  const wish = Math.max(0, ...wishes.map((each) => Math.min(each ?? 0, LONGEST_WISH_MS)));
  const isWish = wishes.every((each) => each !== undefined) && failures <= MAX_IMMEDIATE;
  return Math.round(isWish ? wish : Math.max(wish, backoff));
};
