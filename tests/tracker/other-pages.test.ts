import type { Batch } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { ACROSS, useConsentPage } from "../identity/consent-page.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const NOTHING = { local: [], session: [], databases: [] };

const sessionId = (tab: Tab) => tab.run<string>("return tracker.sessionId");
const capturedCount = (tab: Tab) => tab.run<number>("return captured.length");

/** A page that was restored, with a batch that it sent before. */
interface Restored {
  tab: Tab;
  before: Batch | undefined;
}

/** Tracks and clicks without consent, and returns whether the tracker captured it. */
const measures = async (tab: Tab) => {
  const before = await capturedCount(tab);
  await tab.run(
    `tracker.track("later"); document.querySelector("#button").click(); await tracker.flush().catch(() => {})`,
  );
  return (await capturedCount(tab)) > before;
};

describe("a page of which another page of the site is used", () => {
  inEveryBrowser((tools) => {
    const { browser, url } = tools;
    const page = useConsentPage(tools);
    const { track } = page;
    const start = (tab: Tab, options = "{}") =>
      tab.run(`${page.startWith(options)} tracker.track("start"); await tracker.flush()`);
    const stored = (tab: Tab) => tab.run<typeof NOTHING>(`return stored("tidemark.${page.key}")`);
    /** Opens two tabs. The first one has measured, and the second one is in front. */
    const openTabs = async (options = "{}") => {
      const one = await page.open();
      await start(one, options);
      const other = await page.open();
      await start(other, options);
      return { one, other };
    };

    describe("in another tab", () => {
      it("stops measuring at once when the other refuses, and leaves nothing on the device", async () => {
        const { one, other } = await openTabs();
        await other.run("window.isDown = true; tracker.track('waiting'); tracker.consent('denied')");
        await expect.poll(() => measures(one)).toBe(false);
        for (const tab of [other, one]) await expect.poll(() => stored(tab)).toEqual(NOTHING);
        expect(await one.run("return failures")).toEqual([]);
        // The page's own answer counts again.
        await one.run("tracker.consent('granted')");
        expect(await measures(one)).toBe(true);
        expect(await measures(other)).toBe(false);
      });

      // WebKit passes storage events only to pages that have used the storage.
      const receivesWithoutStorage = browser !== "webkit";

      it.each([...(receivesWithoutStorage ? ["{ cookieless: true }"] : []), ACROSS])(
        "stops measuring at once when the other refuses, with %s",
        async (options) => {
          const { one, other } = await openTabs(options);
          await other.run("tracker.consent('denied')");
          await expect.poll(() => measures(one)).toBe(false);
        },
      );

      it("stops measuring when another page starts with a refusal, even if a script clears the storage first", async () => {
        const { one } = await openTabs();
        const other = await page.open();
        await other.run(`localStorage.clear(); ${page.startWith(`{ consent: "denied" }`)}`);
        await expect.poll(() => measures(one)).toBe(false);
      });

      if (receivesWithoutStorage)
        it("drops the events that it holds", async () => {
          const one = await page.open();
          // The tracker's listener is the first, and receives the storage event before this one.
          await one.run(`${page.startWith(`{ consent: "pending" }`)} tracker.track("held");
          addEventListener("storage", () => { window.hasEvent = true; });`);
          const other = await page.open();
          await other.run(`${page.startWith(`{ consent: "pending" }`)} tracker.consent("denied")`);
          await expect.poll(() => one.run("return window.hasEvent")).toBe(true);
          await one.run("tracker.consent('granted'); await tracker.flush()");
          expect(JSON.stringify(await one.run("return captured"))).not.toContain("held");
        });

      it("removes the user at once when the other refuses personalisation", async () => {
        const { one, other } = await openTabs();
        await one.run("tracker.identify('ada'); await tracker.flush()");
        await other.run("tracker.consent({ personalisation: 'denied' })");
        await expect
          .poll(async () => {
            const batch = await track(one);
            return [batch?.user_id, batch?.consent];
          })
          .toEqual([undefined, { measurement: "granted", personalisation: "denied" }]);
        await one.run("tracker.identify('eve')");
        expect((await track(one))?.user_id).toBeUndefined();
      });

      it("measures a new visitor at once when the other logs out, and has no session until then", async () => {
        const { one, other } = await openTabs();
        await one.run("tracker.identify('ada'); await tracker.flush()");
        const before = await track(one);
        await expect.poll(async () => (await track(other))?.user_id).toBe("ada");
        await other.run("tracker.reset()");
        await expect.poll(() => sessionId(one)).toBe("");
        await one.run("tracker.consent('granted')");
        const after = await track(one);
        expect(after?.user_id).toBeUndefined();
        for (const id of ["anonymous_id", "session_id"] as const) expect(after?.[id]).not.toBe(before?.[id]);
        const same = await track(other);
        for (const id of ["anonymous_id", "session_id"] as const) expect(same?.[id]).toBe(after?.[id]);
      });

      it("measures the same user at once when the other logs in", async () => {
        const { one, other } = await openTabs();
        const before = await track(one);
        await other.run("tracker.identify('eve'); await tracker.flush()");
        await expect.poll(async () => (await track(one))?.user_id).toBe("eve");
        expect((await track(one))?.session_id).toBe(before?.session_id);
      });

      it("measures a new visitor when a script of the other clears the storage, and goes on measuring", async () => {
        const { one, other } = await openTabs();
        const before = await track(one);
        await other.run("localStorage.clear()");
        await expect.poll(() => sessionId(one)).toBe("");
        expect((await track(one))?.anonymous_id).not.toBe(before?.anonymous_id);
      });
    });

    describe("on another host of the domain", () => {
      it.each([
        ["refuses", "tracker.consent('denied')"],
        ["logs out", "tracker.reset()"],
      ])("follows the other as soon as it is shown, when the other %s", async (action, script) => {
        const one = await page.open();
        await start(one, ACROSS);
        const before = await track(one);
        const other = await page.open();
        await other.goto(page.onOtherHost);
        await start(other, ACROSS);
        await other.run(script);
        await one.front();
        await expect.poll(() => one.run("return document.visibilityState")).toBe("visible");
        if (action === "refuses") expect(await measures(one)).toBe(false);
        else expect((await track(one))?.anonymous_id).not.toBe(before?.anonymous_id);
      });
    });

    describe("restored from the back-forward cache", () => {
      /**
       * Leaves a page that has measured as a user, runs a script on the next page, and goes back. Without a result, the browser has
       * loaded the page anew: Chromium and Firefox remove a page from the cache when its database is deleted.
       */
      const leaveAndReturn = async (options: string, script: string): Promise<Restored | undefined> => {
        const tab = await page.open();
        await start(tab, options);
        await tab.run("tracker.identify('ada'); await tracker.flush(); window.isRestored = true");
        const before = await track(tab);
        // A page in a transaction that another page waits for is removed from the cache.
        await tab.run(`await whenIdle("tidemark.${page.key}")`);
        await tab.goto(url("consent.html?next&"));
        await start(tab, options);
        await tab.run(script);
        await tab.back();
        if (await tab.run("return window.isRestored")) return { tab, before };
        const reasons = await tab.run("return performance.getEntriesByType('navigation')[0].notRestoredReasons");
        const failure = `${browser} has not restored the page: ${JSON.stringify(reasons)}`;
        expect([browser, script], failure).not.toContain("webkit");
        expect(script, failure).toContain("('denied')");
        return;
      };

      it.each(["{}", ACROSS])("measures nothing after a refusal, and stores nothing, with %s", async (options) => {
        const { tab } = (await leaveAndReturn(options, "tracker.consent('denied')")) ?? {};
        if (!tab) return;
        expect(await measures(tab)).toBe(false);
        await expect.poll(() => stored(tab)).toEqual(NOTHING);
        expect(await tab.run("return document.cookie")).not.toContain(page.key);
        expect(await tab.run("return failures")).toEqual([]);
      });

      it.each(["{}", ACROSS])("measures a new visitor after a log-out, with %s", async (options) => {
        const { tab, before } = (await leaveAndReturn(options, "tracker.reset()")) as Restored;
        const restored = await tab.run<Batch[]>("await tracker.flush(); return sent.slice(-1)");
        for (const batch of [restored[0], await track(tab)]) {
          expect(batch?.user_id).toBeUndefined();
          expect(batch?.anonymous_id).not.toBe(before?.anonymous_id);
        }
      });

      it.each(["{}", ACROSS])("has no user after a refusal of personalisation, with %s", async (options) => {
        const { tab } = (await leaveAndReturn(options, "tracker.consent({ personalisation: 'denied' })")) as Restored;
        await tab.run("tracker.identify('eve')");
        const after = await track(tab);
        expect([after?.user_id, after?.consent?.personalisation]).toEqual([undefined, "denied"]);
      });

      it("measures the user who has logged in", async () => {
        const { tab, before } = (await leaveAndReturn(
          "{}",
          "tracker.identify('eve'); await tracker.flush()",
        )) as Restored;
        const after = await track(tab);
        expect([after?.user_id, after?.session_id]).toEqual(["eve", before?.session_id]);
      });
    });

    // Chromium and Firefox do not restore a page whose database was deleted: here the page misses the events, and its restoration is simulated.
    describe("that has received no storage event, and is restored or shown", () => {
      const openDeaf = async (script: string) => {
        const one = await page.open();
        await one.run(`addEventListener("storage", (event) => event.stopImmediatePropagation(), true)`);
        await start(one);
        await one.run("tracker.identify('ada'); await tracker.flush()");
        const before = await track(one);
        const other = await page.open();
        await start(other);
        await other.run(script);
        // Chromium shows a process the writes of others a little later, and sends the storage event then.
        const identity = (tab: Tab) => tab.run(`return localStorage.getItem("tidemark.${page.key}")`);
        await expect.poll(() => identity(one)).toBe(await identity(other));
        return { one, other, before };
      };
      const RESTORE = `dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`;

      it("measures nothing after a refusal, and stores nothing", async () => {
        const { one } = await openDeaf("tracker.consent('denied')");
        await one.run("window.warned = []; console.warn = (...texts) => warned.push(texts.join(' '))");
        await one.run(RESTORE);
        expect(await one.run("return warned")).toEqual([expect.stringContaining("nothing is measured until")]);
        expect(await measures(one)).toBe(false);
        await expect.poll(() => stored(one)).toEqual(NOTHING);
        expect(await one.run("return failures")).toEqual([]);
      });

      it("measures a new visitor when it is shown after it has cleared the storage itself, as a logout may do", async () => {
        const { one, before } = await openDeaf("");
        await one.run("localStorage.clear()");
        await one.front();
        await expect.poll(() => one.run("return document.visibilityState")).toBe("visible");
        const after = await track(one);
        expect(after?.anonymous_id).toBeDefined();
        expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
      });

      it("measures the next visitor after a refusal and another consent", async () => {
        const { one, other, before } = await openDeaf("tracker.consent('denied'); tracker.consent('granted')");
        await one.run(RESTORE);
        const [after, same] = [await track(one), await track(other)];
        expect(after?.user_id).toBeUndefined();
        expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
        expect(after?.anonymous_id).toBe(same?.anonymous_id);
      });

      it("measures the next user after a logout and a login", async () => {
        const { one, before } = await openDeaf("tracker.reset(); tracker.identify('eve'); await tracker.flush()");
        await one.run(RESTORE);
        const after = await track(one);
        expect(after?.user_id).toBe("eve");
        expect(after?.anonymous_id).not.toBe(before?.anonymous_id);
      });

      it("has no user after a refusal of personalisation", async () => {
        const { one } = await openDeaf("tracker.consent({ personalisation: 'denied' })");
        await one.run(`${RESTORE}; tracker.identify("eve")`);
        const after = await track(one);
        expect([after?.user_id, after?.consent?.personalisation]).toEqual([undefined, "denied"]);
      });
    });
  });
});
