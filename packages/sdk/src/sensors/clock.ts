import { Date, Math, performance } from "../platform.ts";

/** The wall clock at the page's load. Read once, because signals read the time for each event. */
const loadedAt = performance?.timeOrigin;

/**
 * The current time in UTC milliseconds, by the page's monotonic clock: the wall clock at the page's load, plus the time
 * since. Setting the wall clock while the page is open does not affect times and durations within the page.
 */
export const now = (): number => Math.round(performance ? loadedAt + performance.now() : Date.now());
