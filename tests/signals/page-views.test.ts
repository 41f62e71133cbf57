import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { UNTIL_DRAWN } from "./stopped-clock.ts";
import { type Captured, captured, capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const settings = { signals: ["pageViews"] };

describe("the signal pageViews", () => {
  inEveryBrowser(({ can, open, url, viewOf }) => {
    const views = (tab: Tab) => capturedOf(tab, "page_view");
    const causes = async (tab: Tab) => (await views(tab)).map(({ cause }) => cause);
    const last = async (tab: Tab) => (await views(tab)).at(-1);
    /** Returns the path, as it was sent, of the page view with that index in the tab. */
    const pathOf = async (tab: Tab, index: number) => {
      await tab.run("await tracker.flush()");
      const view = viewOf((await views(tab))[index]);
      return view && new URL(view.url).pathname;
    };

    it("captures a load", async () => {
      const tab = await open("app.html", settings);
      expect(await causes(tab)).toEqual(["load"]);
      expect(await pathOf(tab, 0)).toBe("/app.html");
      expect(viewOf((await views(tab))[0])?.signals).toBe("pageViews");
    });

    it("captures a reload with the cause reload", async () => {
      const tab = await open("app.html", settings);
      await tab.run("location.reload()");
      await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "reload"]);
    });

    it("captures the page that a link leads to in the same session and tab, with its referrer", async () => {
      const tab = await open("plain.html", settings);
      await tab.click("#link");
      await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "load"]);
      const [first, second] = await views(tab);
      expect(second?.view_id).not.toBe(first?.view_id);
      expect(second?.tab_id).toBe(first?.tab_id);
      await tab.run("await tracker.flush()");
      expect(viewOf(second)?.referrer).toMatch(/\/plain\.html$/);
    });

    it("captures a restore from the back-forward cache as a new page view of the same session", async () => {
      const tab = await open("plain.html", settings);
      const session = await tab.run("return tracker.sessionId");
      await tab.run("addEventListener('pageshow', ({ persisted }) => { window.persisted = persisted; })");
      await untilIdle(tab);
      await tab.click("#link");
      await expect.poll(() => causes(tab).catch(() => [])).toEqual(["load", "load"]);
      const before = await captured(tab);
      await tab.back();
      // Chromium reports why it did not restore a page.
      const isRestored = `
      return window.persisted ?? performance.getEntriesByType("navigation")[0].notRestoredReasons?.reasons`;
      await expect.poll(() => tab.run(isRestored)).toBe(true);
      // The page's own events: Firefox shows a restored page the storage without the writes of the other page.
      const own = await tab.run<Awaited<ReturnType<typeof captured>>>("return captured");
      const [first, second] = own.filter((each) => each.type === "page_view");
      expect([first?.cause, second?.cause]).toEqual(["load", "bfcache"]);
      expect(second?.view_id).not.toBe(first?.view_id);
      expect(await tab.run("return tracker.sessionId")).toBe(session);
      // A restored page starts its own numbering, so that no number is used twice.
      const numbers = new Set(before.map(({ tab_id, seq }) => `${tab_id} ${seq}`));
      expect(numbers.has(`${second?.tab_id} ${second?.seq}`)).toBe(false);
    });

    it("captures a page that is loaded in a background tab when it is first visible", async () => {
      const tab = await open("plain.html", { signals: [] });
      await open("plain.html", { signals: [] });
      await tab.goto(url("app.html", settings));
      expect(await tab.run("return document.visibilityState")).toBe("hidden");
      expect(await causes(tab)).toEqual([]);
      await tab.front();
      await expect.poll(() => causes(tab)).toEqual(["load"]);
    });

    if (can.prerender)
      it("captures a prerendered page when it is first visible", async () => {
        const tab = await open("prerender.html", settings);
        await expect.poll(() => tab.run("return localStorage.capturedWhilePrerendering")).toBe("[]");
        await tab.click("#link");
        await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Prerendered");
        // A prerendered page has its own events only: the tab's sessionStorage is not visible to it.
        const causes = () =>
          tab.run("return captured.filter(({ type }) => type === 'page_view').map(({ cause }) => cause)");
        await expect.poll(causes).toEqual(["prerender"]);
      });

    it("captures a call of page(), with its properties", async () => {
      const tab = await open("app.html", settings);
      await tab.run("tracker.page({ tab: 'reviews' })");
      expect(await last(tab)).toMatchObject({ cause: "manual", properties: { tab: "reviews" } });
    });

    describe.each(["app.html", "app-without-navigation.html"])("routes of %s", (page) => {
      /** Opens the app and runs the steps of its router, each in its own task. */
      const route = async (steps: string[], options = {}) => {
        const tab = await open(page, { ...settings, options: { pageViews: options } });
        for (const step of steps) await tab.run(`${step}; await new Promise((resolve) => setTimeout(resolve, 20));`);
        return tab;
      };

      it("captures pushState and replaceState, each with the previous route as referrer", async () => {
        const tab = await route(["history.pushState(null, '', '/shop')", "history.replaceState(null, '', '/cart')"]);
        expect(await causes(tab)).toEqual(["load", "route", "route"]);
        expect(await pathOf(tab, 1)).toBe("/shop");
        expect(await pathOf(tab, 2)).toBe("/cart");
        const [, shop, cart] = await views(tab);
        expect(viewOf(shop)?.referrer).toMatch(new RegExp(`/${page}$`));
        expect(viewOf(cart)?.referrer).toMatch(/\/shop$/);
      });

      it("captures going back within the app", async () => {
        const tab = await route(["history.pushState(null, '', '/shop')"]);
        await tab.back();
        await expect.poll(() => causes(tab)).toEqual(["load", "route", "route"]);
        expect(await pathOf(tab, 2)).toBe(`/${page}`);
      });

      it("captures a replace and a push in one task once, with the last URL", async () => {
        const tab = await route(["history.replaceState(null, '', '/redirect'); history.pushState(null, '', '/shop')"]);
        expect(await causes(tab)).toEqual(["load", "route"]);
        expect(await pathOf(tab, 1)).toBe("/shop");
      });

      it("captures neither the same URL again nor another fragment", async () => {
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

      it("captures hash routes with their own paths", async () => {
        const tab = await route(["history.pushState(null, '', '#/shop?token=1')", "location.hash = '/cart'"], {
          url: "sdk.hashRoutes",
        });
        await expect.poll(() => causes(tab)).toEqual(["load", "route", "route"]);
        await tab.run("await tracker.flush()");
        const [load, shop, cart] = (await views(tab)).map(viewOf);
        expect([load?.path, shop?.path, cart?.path]).toEqual([undefined, `/${page}#/shop`, `/${page}#/cart`]);
        expect([shop?.url, cart?.referrer]).toEqual([`${url(page).split("?")[0]}#/shop`, shop?.url]);
      });

      it("captures no page view while the visitor types into the query, with pathOnly", async () => {
        const tab = await route(
          [
            ...["b", "bo", "boots"].map((text) => `history.replaceState(null, "", "?utm_source=mail&search=${text}")`),
            "history.pushState(null, '', '/shop?id=1')",
          ],
          { url: "sdk.pathOnly" },
        );
        await expect.poll(() => causes(tab)).toEqual(["load", "route"]);
        await tab.run("await tracker.flush()");
        const [, shop] = (await views(tab)).map(viewOf);
        expect([shop?.url, shop?.referrer].map((each) => each && new URL(each).pathname)).toEqual([
          "/shop",
          `/${page}`,
        ]);
      });

      it("gives a route neither title nor canonical URL of the previous one", async () => {
        const tab = await route([
          `document.head.insertAdjacentHTML("beforeend", "<link rel=canonical href=/app>")`,
          `document.title = "App (1)"; tracker.on("view", (view) => { window.begun = { ...view }; });
           history.pushState(null, "", "/shop")`,
        ]);
        const shop = async () => {
          await tab.run("tracker.track('later'); await tracker.flush()");
          return viewOf((await views(tab))[1]);
        };
        const begun = await tab.run("return begun");
        expect(begun).toMatchObject({ url: expect.stringMatching(/shop$/) });
        expect(begun).not.toMatchObject({ title: expect.anything() });
        expect(begun).not.toMatchObject({ canonical_url: expect.anything() });
        await tab.run(`
          document.title = "Shop";
          document.querySelector("[rel=canonical]").href = "capacitor://localhost/shop/all?token=1#part";
          document.body.replaceChildren("Shop");
        `);
        await expect.poll(shop).toMatchObject({ title: "Shop", canonical_url: "capacitor://localhost/shop/all" });
      });

      it("reports the title that the router sets after the change, at once or later", async () => {
        const tab = await route([
          "history.pushState(null, '', '/shop'); document.title = 'Shop'",
          "history.pushState(null, '', '/cart'); setTimeout(() => { document.title = 'Cart'; }, 100)",
        ]);
        // A title is sent with the events of its view. Each event that is captured here sends the title as it is by then.
        const titleOf = (index: number) =>
          expect.poll(async () => {
            await tab.run("tracker.track('later'); await tracker.flush()");
            return viewOf((await views(tab))[index])?.title;
          });
        await titleOf(0).toBe("App");
        await titleOf(1).toBe("Shop");
        await titleOf(2).toBe("Cart");
      });
    });

    const FRAMED = { signals: ["pageViews", "scrollDepth", "dwell"] };

    /** A script that adds a frame with a page below the fold, in `window.frame`, and waits for its load. */
    const addFrame = (page: string) => `
      window.frame = document.body.appendChild(document.createElement("iframe"));
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      frame.src = "${page}";
      await loaded;
      ${UNTIL_DRAWN}
    `;

    it("captures no event of a page in a frame until the frame is in view, and no visible time while it is out of view", async () => {
      const tab = await open("long.html", { signals: [] });
      const framed = (act: string) =>
        tab.run<Captured[]>(`
          const page = frame.contentWindow;
          ${act}
          page.tracker.flush().catch(() => {});
          return JSON.parse(JSON.stringify(page.captured));
        `);
      await tab.run(addFrame(url("long.html", { ...FRAMED, clock: "stopped" })));
      expect(await framed("await page.pass(1_000);")).toEqual([]);
      const events = await framed(`
        frame.scrollIntoView();
        ${UNTIL_DRAWN}
        await page.pass(1_000);
        // The root of the frame's document is out of view, and the frame is not.
        page.document.documentElement.style.cssText = "height: 10px";
        page.scrollTo(0, 1000);
        ${UNTIL_DRAWN}
        await page.pass(1_000);
        page.scrollTo(0, 0);
        ${UNTIL_DRAWN}
        scrollTo(0, 0);
        ${UNTIL_DRAWN}
        await page.pass(2_000);
      `);
      expect(events.filter(({ type }) => type === "page_view")).toHaveLength(1);
      expect(events.flatMap((each) => (each.type === "dwell" ? [each.visible_ms] : [])).at(-1)).toBe(2_000);
    });

    it("captures no event of a page in a frame of another origin until the frame is in view", async () => {
      const tab = await open("long.html", { signals: [] });
      await tab.run(`
        window.framed = [];
        addEventListener("message", ({ data }) => framed.push(data));
        ${addFrame(url("long.html", FRAMED).replace("127.0.0.1", "localhost"))}
        await new Promise((resolve) => setTimeout(resolve, 500));
      `);
      expect(await tab.run("return framed")).toEqual([]);
      await tab.run("frame.scrollIntoView()");
      await expect.poll(() => tab.run("return framed")).toContain("page_view");
    });
  });
});
