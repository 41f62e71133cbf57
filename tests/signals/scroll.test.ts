import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { VIEWPORT } from "../browsers/viewport.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { UNTIL_DRAWN } from "./stopped-clock.ts";
import { type Captured, capturedOf } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const settings: PageSettings = {
  signals: ["pageViews", "scrollDepth"],
  options: { scrollDepth: { reportEvery: 200 } },
  clock: "stopped",
};

/** A script that lets time pass in which the signal may read the geometry, in milliseconds. It does so after a frame. */
const passDrawn = (ms: number) => `${UNTIL_DRAWN} await pass(${ms}); ${UNTIL_DRAWN}`;

/** Height of the content of the long page and of the inner scroller, in CSS pixels. */
const CONTENT = 4000;

/** The page's scroller, as an expression. */
const PAGE = "document.scrollingElement";

describe("the signal scrollDepth", () => {
  inEveryBrowser(({ open, can }) => {
    const scrolls = (tab: Tab) => capturedOf(tab, "scroll");

    /** Waits until the content of the current page view is measured, flushes, and returns its latest scroll event. */
    const measured = async (tab: Tab) => {
      const { view_id } = (await capturedOf(tab, "page_view")).at(-1) ?? {};
      let last: Captured<"scroll"> | undefined;
      await expect
        .poll(async () => {
          await tab.run(`${passDrawn(300)} tracker.flush();`);
          last = (await scrolls(tab)).findLast((each) => each.view_id === view_id);
          return last;
        })
        .toBeDefined();
      return last as unknown as Captured<"scroll">;
    };

    /** Waits until the content of the page is settled: 300 ms after its last change. */
    const untilSettled = (tab: Tab) => tab.run(passDrawn(400));

    /** Waits until the geometry was read: at most 200 ms later. */
    const untilMeasured = (tab: Tab) => tab.run(passDrawn(250));

    /** Turns the wheel until the scroller has that offset, in CSS pixels. */
    const wheelTo = async (tab: Tab, top: number, scroller = PAGE) => {
      const offset = () => tab.run<number>(`return Math.round(${scroller}.scrollTop)`);
      for (let at = await offset(); Math.abs(top - at) > 1; at = await offset()) {
        const turn = Math.sign(top - at) * Math.min(400, Math.abs(top - at));
        await tab.wheel(turn);
        await expect.poll(offset).toBeOneOf([at + turn - 1, at + turn, at + turn + 1]);
      }
      await untilMeasured(tab);
    };

    /** Expects a percentage with a tolerance of 1, for differences between browsers. */
    const expectShare = (share: number, expected: number) =>
      expect(Math.abs(share - expected), `${share}`).toBeLessThan(1);

    it("reports the visible part of a long page before the visitor scrolls", async () => {
      const tab = await open("long.html", settings);
      const { scroll_depth_percentage, ...scroll } = await measured(tab);
      expectShare(scroll_depth_percentage, (VIEWPORT.height / CONTENT) * 100);
      expect(scroll).toMatchObject({
        scroll_depth_px: VIEWPORT.height,
        scroll_depth_delta_px: VIEWPORT.height,
        viewport_height: VIEWPORT.height,
        content_height: CONTENT,
        reversals: 0,
      });
    });

    it("reports 60 % of a long page with a sticky header, and keeps the depth on the way back", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      const down = await measured(tab);
      expectShare(down.scroll_depth_percentage, 60);
      expectShare(down.scroll_percentage, 60);
      expect(down.depth_reached_ms).toBeGreaterThan(0);
      await wheelTo(tab, 400);
      const up = await measured(tab);
      expectShare(up.scroll_depth_percentage, 60);
      expectShare(up.scroll_percentage, 30);
      expect(up.depth_reached_ms).toBe(down.depth_reached_ms);
      expect(up.scroll_depth_delta_px).toBe(0);
      const deltas = (await scrolls(tab)).map(({ scroll_depth_delta_px }) => scroll_depth_delta_px);
      expect(deltas.reduce((sum, delta) => sum + delta, 0)).toBe(up.scroll_depth_px);
    });

    it("reports 100 % when the content fits the viewport, and has had 2 s to become longer", async () => {
      const tab = await open("short.html", settings);
      expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, scroll_percentage: 100, reversals: 0 });
      const [view] = await capturedOf(tab, "page_view");
      expect(
        await tab.run<number>(`return performance.timeOrigin + performance.now() - ${view?.time}`),
      ).toBeGreaterThan(1_900);
    });

    it("does not report a spinner as 100 %, at the start of a page view or later", async () => {
      const tab = await open("long.html", {
        ...settings,
        options: { scrollDepth: { enrichment: "sdk.readingDetails()" } },
      });
      const spin = `
        content.style.height = "100px";
        setTimeout(() => { content.style.height = ""; }, 700);
      `;
      await tab.run(`${spin} tracker.page()`);
      const { milestone, scroll_depth_px } = await measured(tab);
      expect([milestone, scroll_depth_px]).toEqual([undefined, VIEWPORT.height]);
      await tab.run(`${spin} await new Promise(requestAnimationFrame); scrollTo(0, 1); await tracker.flush()`);
      await tab.run(passDrawn(350) + passDrawn(350));
      expect(await tab.run("return document.scrollingElement.scrollHeight")).toBe(CONTENT);
      await measured(tab);
      const { view_id } = (await capturedOf(tab, "page_view")).at(-1) ?? {};
      for (const scroll of await scrolls(tab))
        if (scroll.view_id === view_id) expectShare(scroll.scroll_depth_percentage, 20);
    });

    it("keeps the depth of a page that is locked under a dialog", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      expectShare((await measured(tab)).scroll_depth_percentage, 60);
      await tab.run(
        "Object.assign(document.body.style, { position: 'fixed', top: '-1600px', width: '100%' }); dialog.show()",
      );
      await tab.move("#small");
      await wheelTo(tab, 400, "small");
      await tab.run(passDrawn(2_100));
      expectShare((await measured(tab)).scroll_depth_percentage, 60);
    });

    it("measures a route whose router changes the URL before the content from its own top", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 3200);
      await measured(tab);
      // As swup does: a class and a progress bar at once, the content when it is loaded and the old one has faded.
      await tab.run(`
        history.pushState(null, "", "/shop");
        document.documentElement.className = "is-leaving";
        document.body.append(document.createElement("i"));
        ${passDrawn(400)} ${passDrawn(400)}
        void tracker.flush();
        const next = document.createElement("main");
        next.style.height = "7940px";
        content.replaceWith(next);
        scrollTo(0, 0);
      `);
      const [first, second] = await capturedOf(tab, "page_view");
      expect(second?.cause).toBe("route");
      expect((await measured(tab)).scroll_depth_percentage).toBe(10);
      const own = (await scrolls(tab)).filter(({ view_id }) => view_id !== first?.view_id);
      expect(Math.max(...own.map(({ scroll_depth_percentage }) => scroll_depth_percentage))).toBe(10);
    });

    it("counts overscroll at either end as the end", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await tab.wheel(-500);
      await wheelTo(tab, CONTENT - VIEWPORT.height);
      await tab.wheel(500);
      await tab.wheel(500);
      await untilMeasured(tab);
      expect(await measured(tab)).toMatchObject({
        scroll_depth_percentage: 100,
        scroll_depth_px: CONTENT,
        scroll_percentage: 100,
        reversals: 0,
      });
    });

    it("counts changes of direction", async () => {
      const tab = await open("long.html", settings);
      await untilSettled(tab);
      await tab.move({ x: 600, y: 400 });
      for (const top of [800, 400, 1200, 1600, 800]) await wheelTo(tab, top);
      expect(await measured(tab)).toMatchObject({ reversals: 3 });
    });

    it("reports a smaller percentage when the page grows", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, CONTENT - VIEWPORT.height);
      expect((await measured(tab)).scroll_depth_percentage).toBe(100);
      await tab.run(`document.getElementById("content").style.height = "${2 * CONTENT - 60}px"`);
      await untilMeasured(tab);
      const { scroll_depth_percentage, scroll_depth_px, content_height } = await measured(tab);
      expectShare(scroll_depth_percentage, 50);
      expect([scroll_depth_px, content_height]).toEqual([CONTENT, 2 * CONTENT]);
    });

    it("reports at most 100 % when the page shrinks", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 2000);
      await tab.run(`document.getElementById("content").style.height = "1940px"`);
      await untilMeasured(tab);
      expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, content_height: 2000 });
    });

    it("measures a virtualised list by its scroll height", async () => {
      const tab = await open("long.html", settings);
      await tab.run(`
      const list = document.getElementById("content");
      list.style.position = "relative";
      const draw = () => {
        const first = Math.max(0, Math.floor(scrollY / 40) - 2);
        list.replaceChildren(...Array.from({ length: 24 }, (_, row) => {
          const line = document.createElement("p");
          line.textContent = "row " + (first + row);
          Object.assign(line.style, { position: "absolute", margin: 0, height: "40px", top: (first + row) * 40 + "px" });
          return line;
        }));
      };
      addEventListener("scroll", draw);
      draw();
    `);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      const { scroll_depth_percentage, content_height, reversals } = await measured(tab);
      expectShare(scroll_depth_percentage, 60);
      expect({ content_height, reversals }).toEqual({ content_height: CONTENT, reversals: 0 });
    });

    if (can.pinch)
      it("does not count pinch zoom as scrolling", async () => {
        const tab = await open("long.html", settings);
        const before = await measured(tab);
        await tab.pinch(2);
        await expect.poll(() => tab.run<number>("return visualViewport.scale")).toBeGreaterThan(1.5);
        await untilMeasured(tab);
        const { scroll_depth_percentage, viewport_height, content_height, reversals } = await measured(tab);
        expect({ scroll_depth_percentage, viewport_height, content_height, reversals }).toEqual({
          scroll_depth_percentage: before.scroll_depth_percentage,
          viewport_height: before.viewport_height,
          content_height: before.content_height,
          reversals: 0,
        });
      });

    it("measures the inner scroller that fills a page without scrolling, before and after it is scrolled", async () => {
      const tab = await open("inner.html", settings);
      expectShare((await measured(tab)).scroll_depth_percentage, 20);
      await tab.move({ x: 700, y: 400 });
      await wheelTo(tab, 1600, "inner");
      const { scroll_depth_percentage, content_height } = await measured(tab);
      expectShare(scroll_depth_percentage, 60);
      expect(content_height).toBe(CONTENT);
    });

    const SCROLLER = "overflow: auto; width: 100%; height: 100vh";
    it.each([
      [
        "in open shadow roots",
        `
        const host = document.body.appendChild(document.createElement("div"));
        host.attachShadow({ mode: "open" }).innerHTML = "<section></section>";
        const root = host.shadowRoot.firstChild.attachShadow({ mode: "open" });
        root.innerHTML = '<div style="${SCROLLER}"><div style="height: 400vh"></div></div>';
        window.scroller = root.firstChild;`,
        "scrollTop = innerHeight",
      ],
      [
        "in a page that scrolls by a few pixels",
        `
        document.body.innerHTML = '<div style="${SCROLLER}; margin-bottom: 20px"><div style="height: 400vh"></div></div>';
        window.scroller = document.body.firstChild;`,
        "scrollTop = innerHeight",
      ],
      [
        "in a locked page with content out of view",
        `
        document.body.style.overflow = "hidden";
        document.body.innerHTML = '<div style="${SCROLLER}"><div style="height: 400vh"></div></div><p style="height: 500vh"></p>';
        window.scroller = document.body.firstChild;`,
        "scrollTop = innerHeight",
      ],
      [
        "with a vertical writing mode",
        `
        document.body.innerHTML = '<div style="${SCROLLER}; writing-mode: vertical-rl"><div style="width: 400vw"></div></div>';
        window.scroller = document.body.firstChild;`,
        "scrollLeft = -innerWidth",
      ],
      [
        "that is the document, with a vertical writing mode",
        `
        document.body.innerHTML = '<div style="width: 400vw; height: 1px"></div>';
        document.body.style.writingMode = "vertical-rl";
        window.scroller = document.scrollingElement;`,
        "scrollLeft = -innerWidth",
      ],
      [
        "with column-reverse",
        `
        document.body.innerHTML = '<div style="${SCROLLER}; display: flex; flex-direction: column-reverse"><div style="height: 400vh; flex: none"></div></div>';
        window.scroller = document.body.firstChild;`,
        "scrollTop = -innerHeight",
      ],
    ])("measures the scroller %s", async (_, build, scroll) => {
      const tab = await open("short.html", settings);
      await tab.run(`document.body.replaceChildren(); ${build}; tracker.page();`);
      await untilMeasured(tab);
      expectShare((await measured(tab)).scroll_depth_percentage, 25);
      await tab.run(`scroller.${scroll}`);
      await untilMeasured(tab);
      await tab.run("scroller.scrollTop = scroller.scrollLeft = 0");
      await untilMeasured(tab);
      const { scroll_depth_percentage, scroll_percentage, reversals } = await measured(tab);
      expectShare(scroll_depth_percentage, 50);
      expectShare(scroll_percentage, 25);
      expect(reversals).toBe(1);
    });

    it("measures the scroller of a shadow root that is added later, from the time at which the visitor scrolls it", async () => {
      const tab = await open("short.html", settings);
      await untilSettled(tab);
      await tab.run(`
        document.body.replaceChildren();
        document.body.attachShadow({ mode: "open" }).innerHTML =
          '<div style="overflow: auto; height: 100vh"><div style="height: 4000px"></div></div>';
        window.scroller = document.body.shadowRoot.firstChild;
      `);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 800, "scroller");
      await wheelTo(tab, 0, "scroller");
      expectShare((await measured(tab)).scroll_depth_percentage, 40);
    });

    describe.each([
      ["long.html", 20],
      ["short.html", 100],
      ["inner.html", 20],
    ])("%s", (page, share) => {
      it("ignores the small scroller of a dialog", async () => {
        const tab = await open(page, settings);
        await measured(tab);
        await tab.run("dialog.showModal()");
        await tab.move("#small");
        await wheelTo(tab, 1600, "small");
        expectShare((await measured(tab)).scroll_depth_percentage, share);
      });
    });

    it("measures the page when it scrolls, whatever the size of another scroller", async () => {
      const tab = await open("long.html", settings);
      await tab.run("small.style.width = '1000px'; small.style.height = '600px'; dialog.show()");
      await tab.move("#small");
      await wheelTo(tab, 800, "small");
      const { scroll_depth_percentage, content_height } = await measured(tab);
      expectShare(scroll_depth_percentage, 20);
      expect(content_height).toBe(CONTENT);
    });

    it("measures the page from the time at which it can scroll", async () => {
      const tab = await open("inner.html", settings);
      await tab.move({ x: 700, y: 400 });
      await wheelTo(tab, 400, "inner");
      expectShare((await measured(tab)).scroll_depth_percentage, 30);
      await tab.run(
        "document.body.style.overflow = 'visible'; document.body.style.height = '8000px'; inner.style.flex = 'none'; inner.style.height = '800px'; inner.style.width = '900px'",
      );
      await untilMeasured(tab);
      expect(await measured(tab)).toMatchObject({ content_height: 8000 });
    });

    it("ignores a horizontal scroller", async () => {
      const tab = await open("short.html", settings);
      await tab.run("carousel.scrollLeft = 1000");
      await untilMeasured(tab);
      await tab.run("carousel.scrollLeft = 200");
      await untilMeasured(tab);
      expect(await tab.run("return carousel.scrollLeft")).toBe(200);
      expect(await measured(tab)).toMatchObject({ scroll_depth_percentage: 100, reversals: 0 });
    });

    it("reports at most every reportEvery", async () => {
      const reportEvery = 700;
      const tab = await open("long.html", { ...settings, options: { scrollDepth: { reportEvery } } });
      for (const top of [400, 800, 1200, 1600, 2000, 2400, 2800])
        await tab.run(`scrollTo(0, ${top}); ${passDrawn(150)}`);
      await tab.run(passDrawn(reportEvery));
      expect((await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(3600);
      for (const [index, { time }] of (await scrolls(tab)).entries())
        expect(time - ((await scrolls(tab))[index - 1]?.time ?? 0)).toBeGreaterThanOrEqual(reportEvery);
    });

    it("reports the last scroll just after a report", async () => {
      const tab = await open("long.html", { ...settings, options: { scrollDepth: { reportEvery: 150 } } });
      await untilMeasured(tab);
      await tab.run(`scrollTo(0, 100); ${passDrawn(175)} scrollTo(0, 900); ${passDrawn(200)} ${passDrawn(150)}`);
      expect((await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(900 + VIEWPORT.height);
    });

    it("reports when the page is hidden", async () => {
      const tab = await open("long.html", { ...settings, options: { scrollDepth: { reportEvery: 60_000 } } });
      await untilSettled(tab);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      expect(await scrolls(tab)).toEqual([]);
      await open("plain.html", { signals: [] });
      await expect.poll(async () => (await scrolls(tab)).at(-1)?.scroll_depth_px).toBe(2400);
    });

    it("reports a page view's depth when a route ends it, and measures the next page view from zero", async () => {
      const tab = await open("long.html", { ...settings, options: { scrollDepth: { reportEvery: 60_000 } } });
      await untilSettled(tab);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      await tab.run("history.pushState(null, '', '/shop'); scrollTo(0, 0)");
      await expect.poll(async () => (await capturedOf(tab, "page_view")).length).toBe(2);
      const [first, second] = await capturedOf(tab, "page_view");
      expect(await measured(tab)).toMatchObject({ view_id: second?.view_id, scroll_depth_px: VIEWPORT.height });
      const ended = (await scrolls(tab)).findLast(({ view_id }) => view_id === first?.view_id);
      expectShare(ended?.scroll_depth_percentage ?? 0, 60);
    });

    it("measures a page that is restored from the back-forward cache at its scroll position", async () => {
      const tab = await open("long.html", settings);
      await tab.move({ x: 600, y: 400 });
      await wheelTo(tab, 1600);
      await wheelTo(tab, 800);
      await untilIdle(tab);
      await tab.run("location.href = '/other.html'");
      await expect.poll(() => tab.run("return document.title").catch(() => "")).toBe("Other");
      await tab.back();
      const views = () => capturedOf(tab, "page_view");
      await expect.poll(async () => (await views()).at(-1)?.cause).toBe("bfcache");
      await untilMeasured(tab);
      expect(await measured(tab)).toMatchObject({ view_id: (await views()).at(-1)?.view_id, scroll_depth_px: 1600 });
    });
  });
});
