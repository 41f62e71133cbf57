import type { Tab } from "../browsers/browser.ts";

/** Lets time pass in a page whose clock stands still, in milliseconds; see `pages/stopped-clock.js`. */
export const pass = (tab: Tab, ms: number): Promise<void> => tab.run(`await pass(${ms})`);

/** A script that waits until the browser has drawn a frame, and thus run the tasks before it. */
export const UNTIL_DRAWN = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));";
