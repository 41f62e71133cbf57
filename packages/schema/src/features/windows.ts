import type { CumulativeWindow, HoppingWindow, LifetimeWindow, SessionWindow, TumblingWindow } from "./feature.ts";

/** Largest number of panes of one window. */
export const MAX_PANES = 1_000;

/** The whole session. For features of the session only. */
export const session = (): SessionWindow => ({ type: "session" });

/** All events of the entity. */
export const lifetime = (): LifetimeWindow => ({ type: "lifetime" });

/**
 * Consecutive windows of `size_ms` that do not overlap. Today (UTC) is `tumbling(86_400_000)`.
 *
 * @throws RangeError unless `size_ms` is a positive integer.
 */
export const tumbling = (size_ms: number): TumblingWindow => ({
  type: "tumbling",
  size_ms: positiveInteger("size_ms", size_ms),
});

/**
 * A window of `panes` × `every_ms` that advances by `every_ms`. The last minute, updated every ten seconds, is
 * `hopping({ every_ms: 10_000, panes: 6 })`. The form ensures that the size is a multiple of the step.
 *
 * @throws RangeError unless `every_ms` and `panes` are positive integers and `panes` is at most 1,000.
 */
export const hopping = ({ every_ms, panes }: Omit<HoppingWindow, "type">): HoppingWindow => ({
  type: "hopping",
  every_ms: positiveInteger("every_ms", every_ms),
  panes: positiveInteger("panes", panes, MAX_PANES),
});

/**
 * A window that grows by `every_ms` up to `panes` × `every_ms`, then resets. Today so far (UTC), in steps of an hour,
 * is `cumulative({ every_ms: 3_600_000, panes: 24 })`.
 *
 * @throws RangeError unless `every_ms` and `panes` are positive integers and `panes` is at most 1,000.
 */
export const cumulative = ({ every_ms, panes }: Omit<CumulativeWindow, "type">): CumulativeWindow => ({
  type: "cumulative",
  every_ms: positiveInteger("every_ms", every_ms),
  panes: positiveInteger("panes", panes, MAX_PANES),
});

const positiveInteger = (name: string, value: number, max = Number.MAX_SAFE_INTEGER): number => {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`${name} is ${value}; expected an integer from 1 to ${max}`);
};
