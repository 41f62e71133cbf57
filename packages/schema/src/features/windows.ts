import type { CumulativeWindow, HoppingWindow, LifetimeWindow, SessionWindow, TumblingWindow } from "./feature.ts";

/** Most panes of one window: what a hopping window may keep apart. */
export const MAX_PANES = 1_000;

/** All of a session. For features of the session only. */
export const session = (): SessionWindow => ({ type: "session" });

/** Everything that was ever heard of the entity. */
export const lifetime = (): LifetimeWindow => ({ type: "lifetime" });

/**
 * One window after the other, each of `size_ms`: "today" is `tumbling(86_400_000)`, by UTC.
 *
 * @throws RangeError when the size is no whole number of milliseconds above zero.
 */
export const tumbling = (size_ms: number): TumblingWindow => ({ type: "tumbling", size_ms: whole("size_ms", size_ms) });

/**
 * A window of `panes` x `every_ms` that moves on every `every_ms`: the last minute, brought up to date every ten seconds,
 * is `hopping({ every_ms: 10_000, panes: 6 })`. So written, its size is always a multiple of its step.
 *
 * @throws RangeError when `every_ms` or `panes` is no whole number above zero, or there are more than 1,000 panes.
 */
export const hopping = ({ every_ms, panes }: Omit<HoppingWindow, "type">): HoppingWindow => ({
  type: "hopping",
  every_ms: whole("every_ms", every_ms),
  panes: whole("panes", panes, MAX_PANES),
});

/**
 * A window that grows by `every_ms` until it has `panes` of them, and then starts again: "today so far", told every hour,
 * is `cumulative({ every_ms: 3_600_000, panes: 24 })`.
 *
 * @throws RangeError when `every_ms` or `panes` is no whole number above zero, or there are more than 1,000 panes.
 */
export const cumulative = ({ every_ms, panes }: Omit<CumulativeWindow, "type">): CumulativeWindow => ({
  type: "cumulative",
  every_ms: whole("every_ms", every_ms),
  panes: whole("panes", panes, MAX_PANES),
});

const whole = (name: string, value: number, most = Number.MAX_SAFE_INTEGER): number => {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`${name} is ${value}; expected a whole number from 1 to ${most}`);
};
