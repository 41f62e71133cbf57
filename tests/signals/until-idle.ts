import { expect } from "vitest";
import type { Tab } from "../browsers/browser.ts";

/** How many batches the page's spool holds, once no other transaction is under way. */
const spooled = (tab: Tab): Promise<number> =>
  tab.run(`
    const opening = indexedDB.open("tidemark.tm_test_00000000");
    await new Promise((resolve, reject) => Object.assign(opening, { onsuccess: resolve, onerror: reject }));
    const { result: database } = opening;
    const counting = database.transaction("spool").objectStore("spool").count();
    await new Promise((resolve, reject) => Object.assign(counting, { onsuccess: resolve, onerror: reject }));
    database.close();
    return counting.result;
  `);

/**
 * Waits until a page that measures itself has nothing under way, and nothing left to write, so that it can be kept in the
 * back-forward cache: browsers keep none with a request or an IndexedDB transaction that is not over, and none whose
 * transaction the next page has to wait for.
 */
export const untilIdle = async (tab: Tab): Promise<void> => {
  await tab.run("await tracker.flush()");
  await expect.poll(() => spooled(tab)).toBe(0);
};
