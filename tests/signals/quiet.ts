import type { Tab } from "../engines/engine.ts";

/**
 * Waits until a page that measures itself has nothing under way, so that it can be kept in the back-forward cache: browsers
 * keep none with a request or an IndexedDB transaction that is not over.
 */
export const quiet = (tab: Tab): Promise<unknown> =>
  tab.run(`
    await tracker.flush();
    const opening = indexedDB.open("tidemark.tm_test_00000000");
    await new Promise((resolve, reject) => Object.assign(opening, { onsuccess: resolve, onerror: reject }));
    const { result: database } = opening;
    const reading = database.transaction("spool").objectStore("spool").count();
    await new Promise((resolve, reject) => Object.assign(reading, { onsuccess: resolve, onerror: reject }));
    database.close();
  `);
