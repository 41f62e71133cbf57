import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { captured, capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const measuring = { signals: ["pageViews"] };

inEveryBrowser(({ can, open, url, viewOf }) => {
  const views = (tab: Tab) => capturedOf(tab, "page_view");
  const causes = async (tab: Tab) => (await views(tab)).map(({ cause }) => cause);
  const last = async (tab: Tab) => (await views(tab)).at(-1);
  /** The path of a view, by its place in the tab: as it was sent. */
  const pathOf = async (tab: Tab, index: number) => {
    await tab.run("await tracker.flush()");
    const view = viewOf((await views(tab))[index]);
    return view && new URL(view.url).pathname;
  };

  it("counts a load", async () => {
    const tab = await open("app.html", measuring);
    expect(await causes(tab)).toEqual(["load"]);
    expect(await pathOf(tab, 0)).toBe("/app.html");
  });

  it("counts a reload as such", async () => {
    const tab = await open("app.html", measuring);
    await tab.run("location.reload()");
    await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "reload"]);
  });

  it("counts a page that a link leads to, in the same session and tab, and knows where it was", async () => {
    const tab = await open("plain.html", measuring);
    await tab.click("#link");
    await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "load"]);
    const [first, second] = await views(tab);
    expect(second?.view_id).not.toBe(first?.view_id);
    expect(second?.tab_id).toBe(first?.tab_id);
    await tab.run("await tracker.flush()");
    expect(viewOf(second)?.referrer).toMatch(/\/plain\.html$/);
  });

  it("counts a page that comes back from the back-forward cache as a new view of the same session", async () => {
    const tab = await open("plain.html", measuring);
    const session = await tab.run("return tracker.sessionId");
    await tab.run("addEventListener('pageshow', ({ persisted }) => { window.persisted = persisted; })");
    await untilIdle(tab);
    await tab.click("#link");
    await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "load"]);
    const before = await captured(tab);
    await tab.back();
    // Chromium knows why it did not keep a page.
    const isRestored = `
      return window.persisted ?? performance.getEntriesByType("navigation")[0].notRestoredReasons?.reasons`;
    await expect.poll(() => tab.run(isRestored)).toBe(true);
    // What the page itself captured: Firefox shows it the storage as it left it, without what the other page wrote.
    const own = await tab.run<Awaited<ReturnType<typeof captured>>>("return captured");
    const [first, second] = own.filter((each) => each.type === "page_view");
    expect([first?.cause, second?.cause]).toEqual(["load", "bfcache"]);
    expect(second?.view_id).not.toBe(first?.view_id);
    expect(await tab.run("return tracker.sessionId")).toBe(session);
    // A restored page begins a numbering of its own: no number is given twice.
    const numbers = new Set(before.map(({ tab_id, seq }) => `${tab_id} ${seq}`));
    expect(numbers.has(`${second?.tab_id} ${second?.seq}`)).toBe(false);
  });

  it("counts a page loaded in a tab behind another one when it is first seen", async () => {
    const tab = await open("plain.html", { signals: [] });
    await open("plain.html", { signals: [] });
    await tab.goto(url("app.html", measuring));
    expect(await tab.run("return document.visibilityState")).toBe("hidden");
    expect(await causes(tab)).toEqual([]);
    await tab.front();
    await expect.poll(() => causes(tab)).toEqual(["load"]);
  });

  if (can.prerender)
    it("counts a page that was loaded ahead when it is first seen", async () => {
      const tab = await open("prerender.html", measuring);
      await expect.poll(() => tab.run("return localStorage.capturedAhead")).toBe("[]");
      await tab.click("#link");
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Prerendered");
      // Nothing of what the tab knew reaches a page that was loaded ahead, but what it captured itself.
      const seen = () =>
        tab.run("return captured.filter(({ type }) => type === 'page_view').map(({ cause }) => cause)");
      await expect.poll(seen).toEqual(["prerender"]);
    });

  it("counts page() by hand, with what the caller added", async () => {
    const tab = await open("app.html", measuring);
    await tab.run("tracker.page({ tab: 'reviews' })");
    expect(await last(tab)).toMatchObject({ cause: "manual", properties: { tab: "reviews" } });
  });

  describe.each(["app.html", "app-without-navigation.html"])("routes of %s", (page) => {
    /** Opens the app and lets its router work: each step is a turn of its own. */
    const route = async (steps: string[], options = {}) => {
      const tab = await open(page, { ...measuring, options: { pageViews: options } });
      for (const step of steps) await tab.run(`${step}; await new Promise((resolve) => setTimeout(resolve, 20));`);
      return tab;
    };

    it("counts pushState and replaceState, each with the route before as referrer", async () => {
      const tab = await route(["history.pushState(null, '', '/shop')", "history.replaceState(null, '', '/cart')"]);
      expect(await causes(tab)).toEqual(["load", "route", "route"]);
      expect(await pathOf(tab, 1)).toBe("/shop");
      expect(await pathOf(tab, 2)).toBe("/cart");
      const [, shop, cart] = await views(tab);
      expect(viewOf(shop)?.referrer).toMatch(new RegExp(`/${page}$`));
      expect(viewOf(cart)?.referrer).toMatch(/\/shop$/);
    });

    it("counts going back within the app", async () => {
      const tab = await route(["history.pushState(null, '', '/shop')"]);
      await tab.back();
      await expect.poll(() => causes(tab)).toEqual(["load", "route", "route"]);
      expect(await pathOf(tab, 2)).toBe(`/${page}`);
    });

    it("counts a replace and a push in one turn once, as what they end in", async () => {
      const tab = await route(["history.replaceState(null, '', '/redirect'); history.pushState(null, '', '/shop')"]);
      expect(await causes(tab)).toEqual(["load", "route"]);
      expect(await pathOf(tab, 1)).toBe("/shop");
    });

    it("counts neither the same URL again nor another fragment", async () => {
      const tab = await route([
        "history.pushState(null, '', location.href)",
        "history.replaceState({ more: true }, '', location.href)",
        "history.pushState(null, '', '#reviews')",
        "location.hash = 'more'",
      ]);
      await tab.click("#fragment");
      expect(await tab.run("return location.hash")).toBe("#fragment");
      await tab.run("history.pushState(null, '', '/shop')");
      await expect.poll(() => causes(tab)).toEqual(["load", "route"]);
      expect(await pathOf(tab, 1)).toBe("/shop");
    });

    it("counts another fragment where the site says that it is a route", async () => {
      const tab = await route(["history.pushState(null, '', '#/shop')", "location.hash = '/cart'"], { hash: true });
      await tab.click("#fragment");
      await expect.poll(() => causes(tab)).toEqual(["load", "route", "route", "route"]);
    });

    it("knows the title that the router set after the change, at once or a moment later", async () => {
      const tab = await route([
        "history.pushState(null, '', '/shop'); document.title = 'Shop'",
        "history.pushState(null, '', '/cart'); setTimeout(() => { document.title = 'Cart'; }, 100)",
      ]);
      const titleOf = (index: number) => expect.poll(async () => viewOf((await views(tab))[index])?.title);
      await titleOf(0).toBe("App");
      await titleOf(1).toBe("Shop");
      await titleOf(2).toBe("Cart");
    });
  });
});
