import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const NAME = "tidemark.tm_test_00000000";

/** Tracks events, and resolves to `true` when the collector has them. */
const deliver = (tab: Tab, count: number) =>
  tab.run<boolean>(`
    for (let number = 0; number < ${count}; number += 1) tracker.track("numbered", { number });
    await tracker.flush();
    return true;
  `);

/** Opens the database in a page, and holds it open when another page deletes it, like an older SDK. */
const hold = (tab: Tab) =>
  tab.run(`
    const opening = indexedDB.open("${NAME}");
    await new Promise((resolve, reject) => Object.assign(opening, { onsuccess: resolve, onerror: reject }));
    window.held = opening.result;
  `);

describe("delivery and IndexedDB", () => {
  inEveryBrowser(({ open, url, eventCount }) => {
    const settings = { signals: [] };

    it("closes its database for a page that deletes it, and opens it again", async () => {
      const tab = await open("plain.html", settings);
      await deliver(tab, 1);
      const other = await open("plain.html", settings);
      const deletes = `
        const deleting = indexedDB.deleteDatabase("${NAME}");
        return new Promise((resolve) => {
          for (const type of ["onsuccess", "onerror", "onblocked"]) deleting[type] = () => resolve(type);
        });`;
      expect(await other.run(deletes)).toBe("onsuccess");
      await tab.front();
      expect(await deliver(tab, 1)).toBe(true);
      const stored = `
        const opening = indexedDB.open("${NAME}");
        await new Promise((resolve) => { opening.onsuccess = resolve; });
        const names = [...opening.result.objectStoreNames];
        opening.result.close();
        return names;`;
      await tab.run("tracker.track('later')");
      const names = "return (await indexedDB.databases()).map(({ name }) => name)";
      await expect.poll(() => tab.run<string[]>(names)).toContain(NAME);
      expect(await tab.run(stored)).toEqual(["spool"]);
    });

    it("delivers in a tab that denies and then grants, while another tab is open", async () => {
      const other = await open("plain.html", settings);
      await deliver(other, 1);
      const tab = await open("plain.html", settings);
      await deliver(tab, 1);
      const before = eventCount();
      await tab.run("tracker.consent('denied'); tracker.consent('granted');");
      expect(await deliver(tab, 3)).toBe(true);
      expect(eventCount() - before).toBe(3);
    });

    it("sends the unload buffer and new events while the database does not open, and uses it when it does", async () => {
      const holder = await open("other.html", settings);
      await deliver(holder, 1);
      await hold(holder);
      const before = eventCount();
      const left = await open("plain.html", { ...settings, collector: "/hanging" });
      await left.run("for (const number of [0, 1]) tracker.track('numbered', { number })");
      await left.goto("about:blank");
      await holder.run(`window.deleting = indexedDB.deleteDatabase("${NAME}")`);
      const tab = await open("plain.html", settings);
      expect(await deliver(tab, 3)).toBe(true);
      await expect.poll(() => eventCount() - before).toBe(5);
      await holder.run(`
        const deleted = new Promise((resolve) => { window.deleting.onsuccess = resolve; });
        window.held.close();
        await deleted;
      `);
      expect(await deliver(tab, 1)).toBe(true);
      expect(eventCount() - before).toBe(6);
    });

    it("delivers when the database has another object store", async () => {
      const tab = await open("plain.html", settings);
      await deliver(tab, 1);
      await tab.run(`
        const deleting = indexedDB.deleteDatabase("${NAME}");
        await new Promise((resolve) => { deleting.onsuccess = resolve; });
        const opening = indexedDB.open("${NAME}", 7);
        opening.onupgradeneeded = () => opening.result.createObjectStore("other");
        await new Promise((resolve) => { opening.onsuccess = resolve; });
        opening.result.close();
      `);
      const before = eventCount();
      expect(await deliver(tab, 3)).toBe(true);
      await tab.goto(url("other.html", settings));
      expect(await deliver(tab, 2)).toBe(true);
      await expect.poll(() => eventCount() - before).toBe(5);
    });
  });
});
