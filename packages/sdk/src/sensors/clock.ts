import { Date, Math, performance } from "../platform.ts";

/**
 * The current time in UTC milliseconds, by the page's monotonic clock: the wall clock at the page's load, plus the time
 * since. Setting the wall clock while the page is open does not affect times and durations within the page.
 */
export const now = (): number => Math.round(performance ? performance.timeOrigin + performance.now() : Date.now());
