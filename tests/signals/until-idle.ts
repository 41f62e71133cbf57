import { expect } from "vitest";
import type { Tab } from "../browsers/browser.ts";

/**
 * Returns the number of the page's own batches in the spool, after all transactions in progress. Batches that an ended
 * page had claimed do not count: they stay until the end of the claim.
 */
const spooledCount = (tab: Tab): Promise<number> =>
  tab.run(`
    const opening = indexedDB.open("tidemark.tm_test_00000000");
    await new Promise((resolve, reject) => Object.assign(opening, { onsuccess: resolve, onerror: reject }));
    const { result: database } = opening;
    const id = captured.at(-1)?.tab_id ?? "";
    const counting = database.transaction("spool").objectStore("spool").count(IDBKeyRange.bound([id], [id, []]));
    await new Promise((resolve, reject) => Object.assign(counting, { onsuccess: resolve, onerror: reject }));
    database.close();
    return counting.result;
  `);

/**
 * Waits until a page has no request and no IndexedDB transaction in progress, and nothing left to write. Browsers put
 * no other page into the back-forward cache, nor one whose transaction blocks the next page.
 */
export const untilIdle = async (tab: Tab): Promise<void> => {
  // The spool is written within a second, also by a clock that stands still.
  await tab.run("await tracker.flush(); await window.pass?.(1_000)");
  await expect.poll(() => spooledCount(tab)).toBe(0);
};
