import { describe, expect, it } from "vitest";
import { goBack } from "../browsers/go-back.ts";
import { holds } from "../browsers/holds.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/**
 * A script that waits until the page has its database, and no transaction of it is in progress: browsers put no page
 * with one into the back-forward cache. A loaded machine delays transactions.
 */
const UNTIL_STORED = `
  const name = "tidemark.tm_test_00000000";
  while (!(await indexedDB.databases()).some((database) => database.name === name))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const opening = indexedDB.open(name);
  await new Promise((resolve) => { opening.onsuccess = resolve; });
  const transaction = opening.result.transaction("spool", "readwrite");
  transaction.objectStore("spool").count();
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  opening.result.close();
`;

describe("delivery and the back-forward cache", () => {
  inEveryBrowser(({ open, url }) => {
    it.each(["", "/hanging"])(
      "restores a page that is left in its first seconds, while it recovers batches; collector %s",
      async (collector) => {
        const settings = { signals: [], collector };
        const tab = await open("plain.html", settings);
        const visit = async (page: string, before = "") => {
          // In a task of its own: a page in the back-forward cache gives no result.
          await tab.run(`${before} setTimeout(() => { location.href = "${url(page, settings)}"; })`);
          await expect.poll(() => holds(tab, `location.pathname === "/${page}" && !!window.tracker`)).toBe(true);
        };
        await tab.run("for (let number = 0; number < 3; number += 1) tracker.track('numbered', { number })");
        // A browser may keep a page that is left while it creates its database, and no other page can then open it.
        await visit("short.html", UNTIL_STORED);
        await tab.run(`
          addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; });
          await new Promise((resolve) => setTimeout(resolve, 300));
        `);
        await visit("long.html", UNTIL_STORED);
        await goBack(tab);
        const isRestored = await tab.run(`
          const [{ notRestoredReasons }] = performance.getEntriesByType("navigation");
          return window.persisted ?? JSON.stringify(notRestoredReasons) ?? "loaded again";
        `);
        expect(isRestored).toBe(true);
      },
    );
  });
});
