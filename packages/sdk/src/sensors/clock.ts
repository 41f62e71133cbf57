/**
 * UTC milliseconds by the page's monotonic clock, anchored to the wall clock when the page was loaded: a wall clock that
 * is set while the page is open does not disturb the times and durations within it.
 */
export const now = (): number => Math.round(performance.timeOrigin + performance.now());
